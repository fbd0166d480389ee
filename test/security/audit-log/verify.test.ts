import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database, Queryable } from '../../../src/database/database.ts'
import { openCheckpoint } from '../../../src/security/audit-log/checkpoint.ts'
import { keepCosignatures } from '../../../src/security/audit-log/cosignatures.ts'
import { hashRow } from '../../../src/security/audit-log/leaf.ts'
import { cosignNote, type NoteKey } from '../../../src/security/audit-log/note.ts'
import { readLeaves } from '../../../src/security/audit-log/rows.ts'
import { sequenceNew } from '../../../src/security/audit-log/sequence.ts'
import { readNewestNote } from '../../../src/security/audit-log/stored.ts'
import { growTree } from '../../../src/security/audit-log/tiles.ts'
import { openAsSuperuser, undone } from '../../ledger/day-end/tamper.ts'
import { audit, event, type LogWorld, openLog, signer, witnessKey, witnessPair } from './world.ts'

/** Makes stored tiles fit the rows as they are now: what somebody does who covers up, and has every right but AUDIT_KEY. */
async function recomputeTiles(tx: Queryable): Promise<void> {
  const leaves = await readLeaves(tx, 0, 100_000)
  const tree = growTree(0, [])
  for (const { row } of leaves) if (row !== null) tree.append(hashRow(row))
  await tx.query('DELETE FROM audit_tile')
  for (const { level, index, hashes } of tree.changed())
    await tx.query('INSERT INTO audit_tile (level, index, hashes) VALUES ($1, $2, $3)', [level, index, hashes])
}

/** 310 leaves under three checkpoints: 100, 300, 310. */
async function filled(): Promise<LogWorld> {
  const log = await openLog()
  await log.add(100)
  await log.add(200)
  await log.add(10)
  return log
}

const AWAY = `'00000000-0000-7000-8000-0000000000ff'`
/** Rows 7 and 200 change places. */
const SWAP = [
  'CREATE TABLE swapped AS SELECT position, event_id FROM audit_leaf WHERE position IN (7, 200)',
  `UPDATE audit_leaf SET event_id = ${AWAY} WHERE position = 7`,
  'UPDATE audit_leaf SET event_id = (SELECT event_id FROM swapped WHERE position = 7) WHERE position = 200',
  'UPDATE audit_leaf SET event_id = (SELECT event_id FROM swapped WHERE position = 200) WHERE position = 7',
]

/** What is done behind the service's back, and what must be said, with the tiles as they were and with tiles recomputed to fit. */
const TAMPERINGS: readonly {
  readonly what: string
  readonly sql: readonly string[]
  readonly plain: readonly string[]
  readonly covered: readonly string[]
}[] = [
  {
    what: 'edits who did it',
    sql: [
      `UPDATE audit_event SET actor_id = 'somebody' WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 150)`,
    ],
    plain: ['edited 150'],
    covered: ['checkpoint', 'edited 150'],
  },
  {
    what: 'edits when it was done, which the seal of the row does not cover',
    sql: [
      `UPDATE audit_event SET at = at - interval '1 day' WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 0)`,
    ],
    plain: ['edited 0'],
    covered: ['checkpoint', 'edited 0'],
  },
  {
    what: 'edits a commitment',
    sql: [`UPDATE audit_event SET payload = '{}' WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 309)`],
    plain: ['edited 309'],
    covered: ['checkpoint', 'edited 309'],
  },
  {
    what: 'removes a row',
    sql: ['DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 42)'],
    plain: ['removed 42'],
    covered: ['removed 42', 'tile 43', 'tile', 'checkpoint'],
  },
  {
    what: 'removes a row and its leaf',
    sql: [
      'DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 42)',
      'DELETE FROM audit_leaf WHERE position = 42',
    ],
    plain: ['removed 42'],
    covered: ['removed 42', 'tile 43', 'tile', 'checkpoint'],
  },
  {
    what: 'swaps two rows',
    sql: SWAP,
    plain: ['moved 7', 'moved 200'],
    covered: ['checkpoint', 'moved 7', 'moved 200'],
  },
  {
    what: 'swaps two rows with their seals',
    sql: [
      ...SWAP,
      `UPDATE audit_leaf l SET seal = o.seal FROM audit_leaf o WHERE (l.position, o.position) IN ((7, 200), (200, 7))`,
    ],
    plain: ['checkpoint', 'tile', 'moved 7', 'moved 200'],
    covered: ['checkpoint', 'moved 7', 'moved 200'],
  },
  {
    what: 'puts a row of its own in the place of one',
    sql: [
      // As it soon is where nobody else writes.
      'UPDATE audit_progress SET floor_xid = pg_current_xact_id()::text::bigint',
      `INSERT INTO audit_event (id, actor_kind, actor_id, action, subject, payload, seal)
       VALUES ('00000000-0000-7000-8000-00000000000a', 'staff', 'grace', 'thing.done', 'x', '{}', '\\x00')`,
      `UPDATE audit_leaf SET event_id = '00000000-0000-7000-8000-00000000000a' WHERE position = 5`,
    ],
    plain: ['edited 5', 'inserted'],
    covered: ['checkpoint', 'edited 5', 'inserted'],
  },
  {
    what: 'adds a row without the key',
    sql: [
      `INSERT INTO audit_event (id, actor_kind, actor_id, action, subject, payload, seal)
       VALUES ('00000000-0000-7000-8000-00000000000b', 'staff', 'grace', 'thing.done', 'x', '{}', '\\x00')`,
    ],
    plain: ['inserted'],
    covered: ['inserted'],
  },
  {
    what: 'adds a row of operators where the sequencer has been',
    sql: [
      'UPDATE audit_progress SET full_look_at = now()',
      `INSERT INTO operator_event (action, actor, content, xid) VALUES ('link.ordered', 'nobody', '{}', 1)`,
    ],
    plain: ['inserted'],
    covered: ['inserted'],
  },
  {
    what: 'adds a leaf beyond what is signed',
    sql: [
      `INSERT INTO audit_leaf VALUES (310, '00000000-0000-7000-8000-00000000000c', 0, '\\x00000000000000000000000000000000')`,
    ],
    plain: ['inserted 310'],
    covered: ['inserted 310'],
  },
  {
    what: 'edits a hash in a tile',
    sql: [
      `UPDATE audit_tile SET hashes = set_byte(hashes, 32 * 3, (get_byte(hashes, 32 * 3) + 1) % 256) WHERE (level, index) = (0, 0)`,
    ],
    plain: ['tile 3'],
    covered: [],
  },
  {
    what: 'edits a checkpoint',
    sql: [`UPDATE audit_checkpoint SET note = replace(note, E'\\n300\\n', E'\\n301\\n') WHERE size = 300`],
    plain: ['checkpoint'],
    covered: ['checkpoint'],
  },
]

let untouched: LogWorld
let superuser: Database
beforeAll(async () => {
  untouched = await filled()
  superuser = openAsSuperuser(untouched.store)
})
afterAll(async () => {
  await superuser?.close()
  await untouched?.drop()
})

/** What is under way in a transaction, as a database of its own. */
function databaseOf(tx: Queryable): Database {
  const inside: Queryable = {
    query: (statement, values) =>
      tx.query(String(statement).startsWith('SET TRANSACTION') ? 'SELECT' : statement, values),
  }
  return { ...inside, transaction: (work) => work(inside), close: async () => undefined }
}

test('finds nothing in a log that nobody touched, and says what waits', async () => {
  expect(await untouched.verify()).toMatchObject({ leaves: 310, waiting: 0, findings: [], more: 0 })
  await undone(superuser, async (tx) => {
    await audit.record(tx, event('waits'))
    expect(await untouched.verify({ database: databaseOf(tx) })).toMatchObject({
      leaves: 310,
      waiting: 1,
      findings: [],
    })
  })
})

test.each(TAMPERINGS)(
  'names the row when somebody $what, also when tiles are recomputed to fit',
  async ({ sql, plain, covered }) => {
    const kept = (await readNewestNote(untouched.store.app))?.note ?? ''
    await undone(superuser, async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica')
      for (const statement of sql) await tx.query(statement)
      const within = databaseOf(tx)
      expect(new Set(await untouched.findings({ database: within }))).toEqual(new Set(plain))
      await recomputeTiles(tx)
      expect(new Set(await untouched.findings({ database: within }))).toEqual(new Set(covered))
      // Who kept a checkpoint elsewhere finds it too, whoever holds the key.
      const fork = covered.includes('checkpoint') && !sql[0]?.includes('audit_checkpoint') ? ['fork'] : []
      const found = await untouched.findings({ database: within, kept: [{ from: 'the bank', text: kept }] })
      expect(found.filter((kind) => kind === 'fork')).toEqual(fork)
    })
  },
)

describe('somebody with AUDIT_KEY too, who makes the whole log anew,', () => {
  /** The findings, without and with a checkpoint that was kept elsewhere. */
  async function remade(change: string, more: number): Promise<{ alone: string[]; kept: string[]; words: string }> {
    const kept = (await readNewestNote(untouched.store.app))?.note ?? ''
    return undone(superuser, async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica')
      for (const table of ['audit_cosignature', 'audit_checkpoint', 'audit_tile', 'audit_leaf'])
        await tx.query(`DELETE FROM ${table}`)
      await tx.query(change)
      await tx.query('UPDATE audit_progress SET floor_xid = 0')
      const events = Array.from({ length: more }, (_, n) => event(`more-${n}`))
      await audit.recordAll(tx, events)
      const database = databaseOf(tx)
      await sequenceNew({ ...untouched.services, database })
      const found = await untouched.verify({ database, kept: [{ from: 'the bank', text: kept }] })
      return {
        alone: await untouched.findings({ database }),
        kept: found.findings.map(({ kind }) => kind),
        words: found.findings[0]?.what ?? '',
      }
    })
  }

  test('deceives the service alone, and not who kept a checkpoint: a fork', async () => {
    const found = await remade(`DELETE FROM audit_event WHERE subject = 'subject-77'`, 20)
    expect(found).toMatchObject({ alone: [], kept: ['fork'] })
  })

  test('or who finds the log shorter than it was: cut', async () => {
    const found = await remade(`DELETE FROM audit_event WHERE subject = 'subject-309'`, 0)
    expect(found).toMatchObject({ alone: [], kept: ['cut'] })
    expect(found.words).toBe(
      'the bank keeps a checkpoint of 310 leaves, signed by this log, which has 309 now: its end was cut off.',
    )
  })
})

test('a renumbered log: the row that is gone is where the first one was moved to', async () => {
  await undone(superuser, async (tx) => {
    await tx.query('SET LOCAL session_replication_role = replica')
    await tx.query('DELETE FROM audit_event WHERE id = (SELECT event_id FROM audit_leaf WHERE position = 42)')
    await tx.query('DELETE FROM audit_leaf WHERE position = 42')
    await tx.query('UPDATE audit_leaf SET position = position + 1000 WHERE position > 42')
    await tx.query('UPDATE audit_leaf SET position = position - 1001 WHERE position > 1000')
    await recomputeTiles(tx)
    const { findings } = await untouched.verify({ database: databaseOf(tx) })
    const first = findings.find(({ kind }) => kind === 'moved')
    expect(first).toMatchObject({ position: 42 })
    expect(first?.what).toContain('stands as leaf 42 and was put on record as leaf 43')
    expect(findings.map(({ kind }) => kind)).toContain('checkpoint')
  })
})

test('a cosignature is kept once, of trusted witnesses only, and one that does not fit is named', async () => {
  const { app } = untouched.store
  const newest = (await readNewestNote(app))?.note ?? ''
  const text = openCheckpoint(newest, signer.key)?.note.text ?? ''
  const line = cosignNote(text, witnessKey.name, witnessPair, 1_700_000_000_000)
  const stranger: NoteKey = { ...witnessKey, name: 'stranger' }
  expect(await keepCosignatures(app, [stranger], newest + line)).toBe('foreign')
  expect(await keepCosignatures(app, [witnessKey], newest + line)).toBe('stored')
  expect(await keepCosignatures(app, [witnessKey], newest + line)).toBe('stored')
  expect(await keepCosignatures(app, [witnessKey], newest.replace('\n310\n', '\n309\n') + line)).toBe('unknown')
  expect((await untouched.verify()).cosigned).toEqual([{ name: 'bank.test/w1', size: 310, atMs: 1_700_000_000_000 }])
  await undone(superuser, async (tx) => {
    await tx.query('SET LOCAL session_replication_role = replica')
    await tx.query('UPDATE audit_cosignature SET size = 300')
    expect(await untouched.findings({ database: databaseOf(tx) })).toEqual(['cosignature'])
  })
})
