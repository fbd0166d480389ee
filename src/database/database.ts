import pg from 'pg'

/** A statement with a name is prepared once per connection; use it on the hot path. */
export type Statement = { readonly name: string; readonly text: string; readonly values?: readonly unknown[] }

/** Whatever can run SQL: the pool, or the one connection of a transaction. `bigint` columns come back as JS bigint. */
export type Queryable = {
  query<Row extends object = Record<string, unknown>>(
    statement: string | Statement,
    values?: readonly unknown[],
  ): Promise<{ rows: Row[]; rowCount: number }>
}

export type Database = Queryable & {
  /** Commits when `work` resolves, rolls back and rethrows when it throws. */
  transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>
  /** Waits for running queries, then closes every connection; may be called twice. */
  close(): Promise<void>
}

export type DatabaseOptions = {
  readonly maxConnections: number
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string
  /** PostgreSQL cancels a statement that runs longer; 0 for no bound. */
  readonly statementTimeoutMs?: number
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  readonly onConnectionLost?: (error: Error) => void
}

/** A subscriber's whole hop has seven seconds, so one statement must fail well before that. */
const STATEMENT_TIMEOUT_MS = 5_000
const SILENCE_MS = 1_000
/** How long a caller waits for a free connection before it hears that there is none. */
const CONNECT_TIMEOUT_MS = 3_000

/** Opens a pool. No connection is made before the first query. */
export function openDatabase(url: string, options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.maxConnections,
    application_name: options.applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    // A server that has gone silent cancels nothing, so the client gives up by itself a moment later.
    query_timeout: queryTimeoutMs(options),
    keepAlive: true,
    idle_in_transaction_session_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    types: bigintTypes,
  })
  pool.on('error', (error) => options.onConnectionLost?.(error))
  let closing: Promise<void> | null = null
  return {
    ...queryable(pool),
    transaction: (work) => inTransaction(pool, work),
    close() {
      closing ??= pool.end()
      return closing
    },
  }
}

function queryTimeoutMs({ statementTimeoutMs = STATEMENT_TIMEOUT_MS }: DatabaseOptions): number | undefined {
  return statementTimeoutMs === 0 ? undefined : statementTimeoutMs + SILENCE_MS
}

async function inTransaction<T>(pool: pg.Pool, work: (tx: Queryable) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  const onError = (error: Error): void => {
    broken = error
  }
  // The pool listens only while a connection is idle, and an event that nobody hears would end the process.
  client.on('error', onError)
  try {
    await client.query('BEGIN')
    const result = await work(queryable(client))
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(onError)
    throw error
  } finally {
    client.off('error', onError)
    client.release(broken)
  }
}

function queryable(runner: pg.Pool | pg.PoolClient): Queryable {
  return {
    async query<Row extends object>(statement: string | Statement, values: readonly unknown[] = []) {
      const config = typeof statement === 'string' ? { text: statement, values } : statement
      const result = await runner.query<Row & pg.QueryResultRow>({ ...config, values: [...(config.values ?? values)] })
      return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 }
    },
  }
}

const INT8 = 20
const INT8_ARRAY = 1016

/** node-postgres hands int8 over as text; money must not become a float on the way. */
const bigintTypes: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8) return BigInt
    const parse = pg.types.getTypeParser(oid, format)
    if (oid !== INT8_ARRAY) return parse
    return (text: string) => (parse(text) as (string | null)[]).map((item) => (item === null ? null : BigInt(item)))
  },
}
