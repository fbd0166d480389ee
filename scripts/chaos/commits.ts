import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Database } from '../../src/database/database.ts'

/** A transfer's move as its commit announced it; `by`: the process, by its name in `pg_stat_activity`. */
export type Commit = { readonly transferId: string; readonly to: string; readonly by: string }

/** Hears of every move of a transfer at its commit, so that a process can be killed right after it. */
export type Commits = {
  /** The next one that fits, or null when none came in time. */
  next(fits: (commit: Commit) => boolean, timeoutMs: number): Promise<Commit | null>
  close(): Promise<void>
}

const CHANNEL = 'chaos'
const RECONNECT_MS = 100

/** A trigger of the harness, in its own database only. */
export async function announceCommits(owner: Database): Promise<void> {
  await owner.query(`CREATE FUNCTION chaos_announce() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM pg_notify('${CHANNEL}', json_build_object('transferId', NEW.transfer_id, 'to', NEW.to_state, 'by', current_setting('application_name'))::text);
      RETURN NULL;
    END $$`)
  await owner.query(
    'CREATE TRIGGER chaos AFTER INSERT ON transfer_event FOR EACH ROW EXECUTE FUNCTION chaos_announce()',
  )
}

/** Listens, also after PostgreSQL was away. */
export function listenForCommits(ownerUrl: string): Commits {
  const waiting = new Set<(commit: Commit) => void>()
  let client: pg.Client | null = null
  let closed = false

  async function listen(): Promise<void> {
    while (!closed) {
      const opened = new pg.Client({ connectionString: ownerUrl, application_name: 'chaos' })
      opened.on('error', () => undefined)
      opened.on('notification', ({ payload }) => {
        for (const hear of [...waiting]) hear(JSON.parse(payload ?? '{}') as Commit)
      })
      const ended = new Promise((resolve) => opened.once('end', resolve))
      try {
        await opened.connect()
        await opened.query(`LISTEN ${CHANNEL}`)
        client = opened
        if (closed) break
        await ended
      } catch {
        await opened.end().catch(() => undefined)
      }
      client = null
      await sleep(RECONNECT_MS)
    }
  }

  const running = listen()
  return {
    next: (fits, timeoutMs) =>
      new Promise((resolve) => {
        const done = (commit: Commit | null): void => {
          clearTimeout(timer)
          waiting.delete(hear)
          resolve(commit)
        }
        const hear = (commit: Commit): void => {
          if (fits(commit)) done(commit)
        }
        const timer = setTimeout(() => done(null), timeoutMs)
        waiting.add(hear)
      }),
    async close() {
      closed = true
      await client?.end().catch(() => undefined)
      await running
    },
  }
}
