import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from '../../../src/database/database.ts'
import { openCheckpoint } from '../../../src/security/audit-log/checkpoint.ts'
import { type FullLook, sequenceAll, sequenceNew } from '../../../src/security/audit-log/sequence.ts'
import { readAuditLag, readNewestNote } from '../../../src/security/audit-log/stored.ts'
import { tamper } from '../../ledger/day-end/tamper.ts'
import { openWorld, quoted, resolve } from '../../ledger/world.ts'
import { audit, event, eventIds, type LogWorld, openLog, sealLeaf, signer } from './world.ts'

let log: LogWorld
beforeAll(async () => {
  log = await openLog()
  await log.add(3)
})
afterAll(() => log?.drop())

async function subjects({ store }: LogWorld): Promise<(string | null)[]> {
  const { rows } = await store.app.query<{ subject: string | null }>(
    'SELECT e.subject FROM audit_leaf l JOIN audit_event e ON e.id = l.event_id ORDER BY l.position',
  )
  return rows.map(({ subject }) => subject)
}

describe('the sequencer', () => {
  test('signs a checkpoint over all that it has put in order', async () => {
    const newest = await readNewestNote(log.store.app)
    expect(openCheckpoint(newest?.note ?? '', signer.key)?.size).toBe(3)
    expect(await log.findings()).toEqual([])
  })

  test('never skips an event that commits late, however many commit before it', async () => {
    const late = openDatabase(log.store.url, { maxConnections: 1, applicationName: 'test-late' })
    let commit = (): void => undefined
    const held = new Promise<void>((resolve) => {
      commit = (): void => resolve()
    })
    let written = (): void => undefined
    const began = new Promise<void>((resolve) => {
      written = (): void => resolve()
    })
    const work = late.transaction(async (tx) => {
      await audit.record(tx, event('late'))
      written()
      await held
    })
    await began
    await log.add(300)
    await log.add(300)
    expect(await subjects(log)).not.toContain('late')
    commit()
    await work
    await late.close()
    await sequenceNew(log.services)
    expect((await subjects(log)).at(-1)).toBe('late')
    expect(new Set(await eventIds(log)).size).toBe(604)
    expect(await log.findings()).toEqual([])
  })

  test('goes on in small batches until nothing is left, each signed by itself', async () => {
    await audit.recordAll(
      log.store.app,
      Array.from({ length: 25 }, (_, n) => event(`small-${n}`)),
    )
    const before = (await eventIds(log)).length
    let rounds = 0
    for (let more = true; more; rounds += 1) {
      const done = await sequenceNew(log.services, 10)
      more = done.kind === 'done' && done.more
    }
    expect(rounds).toBe(3)
    expect((await eventIds(log)).length).toBe(before + 25)
    expect(await readAuditLag(log.store.app)).toMatchObject({ waiting: 0, leaves: before + 25 })
  })

  test('lets one process work at a time; the other leaves it to it, and nothing is twice', async () => {
    const before = (await eventIds(log)).length
    await audit.recordAll(
      log.store.app,
      Array.from({ length: 200 }, (_, n) => event(`twice-${n}`)),
    )
    const results = await Promise.all(Array.from({ length: 6 }, () => sequenceNew(log.services)))
    expect(results.filter(({ kind }) => kind === 'done').length).toBeGreaterThan(0)
    await sequenceNew(log.services)
    const ids = await eventIds(log)
    expect(ids.length).toBe(before + 200)
    expect(new Set(ids).size).toBe(ids.length)
    expect(await log.findings()).toEqual([])
  })

  test('loses nothing and doubles nothing when it dies in the middle of a batch', async () => {
    const before = (await eventIds(log)).length
    await audit.recordAll(log.store.app, [event('crash-1'), event('crash-2')])
    const dying = {
      ...log.services,
      signer: {
        ...signer,
        sign: () => {
          throw new Error('killed')
        },
      },
    }
    await expect(sequenceNew(dying)).rejects.toThrow('killed')
    expect((await eventIds(log)).length).toBe(before)
    await sequenceNew(log.services)
    expect((await subjects(log)).slice(-2).sort()).toEqual(['crash-1', 'crash-2'])
    expect(await log.findings()).toEqual([])
  })

  test('a row of before the log, or of another server, is found by the full look', async () => {
    await audit.recordAll(log.store.app, [event('old-1'), event('old-2')])
    await tamper(log.store, `UPDATE audit_event SET xid = NULL WHERE subject IN ('old-1', 'old-2')`)
    await sequenceNew(log.services)
    expect(await subjects(log)).not.toContain('old-1')
    let look: FullLook | null = null
    let steps = 0
    do {
      const step: Awaited<ReturnType<typeof sequenceAll>> = await sequenceAll(log.services, look, 100)
      look = step.kind === 'done' ? (step.next ?? null) : null
      steps += 1
    } while (look !== null)
    expect(steps).toBeGreaterThan(3)
    expect((await subjects(log)).filter((subject) => subject?.startsWith('old-'))).toHaveLength(2)
    expect(await sequenceNew(log.services)).toMatchObject({ leaves: 0, fullLookDue: false })
  })

  test('a floor ahead of the server, as in a restored database, begins anew and asks for a full look', async () => {
    await tamper(log.store, 'UPDATE audit_progress SET floor_xid = 4000000000000')
    await audit.record(log.store.app, event('restored'))
    expect(await sequenceNew(log.services)).toMatchObject({ kind: 'done', fullLookDue: true })
    await sequenceAll(log.services, null)
    expect(await subjects(log)).toContain('restored')
    await log.add(1)
    expect(await log.findings()).toEqual([])
  })

  test('a full look that a restored database needs is asked for until it has come to its end, and nothing is called forged meanwhile', async () => {
    const other = await openLog()
    await other.add(3)
    await audit.recordAll(other.store.app, [event('before-1'), event('before-2')])
    await audit.record(other.store.app, event('of a transaction ahead of this server'))
    await tamper(
      other.store,
      `UPDATE audit_event SET xid = 5000000000000 WHERE subject LIKE 'of a%'`,
      'UPDATE audit_progress SET floor_xid = 4000000000000',
    )
    // Other transactions end before the sequencer starts there.
    for (let n = 0; n < 3; n += 1) await other.store.app.query('SELECT pg_current_xact_id()')
    expect(await sequenceNew(other.services)).toMatchObject({ fullLookDue: true })
    expect(await sequenceNew(other.services)).toMatchObject({ fullLookDue: true })
    expect(await other.findings()).toEqual([])
    for (let look: FullLook | null = null, over = false; !over; ) {
      const step: Awaited<ReturnType<typeof sequenceAll>> = await sequenceAll(other.services, look, 2)
      look = step.next ?? null
      over = look === null
      expect(await sequenceNew(other.services)).toMatchObject({ fullLookDue: !over })
    }
    expect(await subjects(other)).toEqual(expect.arrayContaining(['before-1', 'before-2']))
    expect((await subjects(other)).at(-1)).toContain('ahead of this server')
    expect(await other.findings()).toEqual([])
    await other.drop()
  })

  test('refuses to sign on where the tiles are not what was signed', async () => {
    const other = await openLog()
    await other.add(5)
    await tamper(other.store, `UPDATE audit_tile SET hashes = set_byte(hashes, 3, (get_byte(hashes, 3) + 1) % 256)`)
    await audit.record(other.store.app, event('after'))
    await expect(sequenceNew(other.services)).rejects.toThrow(/root that was signed last/)
    expect(await readAuditLag(other.store.app)).toMatchObject({ leaves: 5, waiting: 1 })
    const foreign = { ...other.services, signer: { ...signer, key: { ...signer.key, name: 'other' } } }
    await expect(sequenceNew(foreign)).rejects.toThrow(/AUDIT_KEY/)
    await other.drop()
  })
})

test('moves of transfers and rows of operators become leaves, without another row in the money path', async () => {
  const world = await openWorld()
  const [payer, payee] = [await world.person(500_000n), await world.person(0n)]
  const quote = quoted(await world.quoteSend(payer, payee, 1_000n))
  await world.hold(quote)
  await resolve(world.app, quote.id, 'post')
  await world.app.query(`INSERT INTO sms_link_order (link, mode, by) VALUES ('mno1', 'suspended', 'grace')`)
  const services = { database: world.app, signer, sealLeaf }
  await sequenceNew(services)
  await sequenceAll(services, null)
  const moves = await world.app.query(
    `SELECT m.to_state FROM audit_leaf l JOIN transfer_event m ON m.transfer_id = l.event_id AND m.version = l.version
      WHERE l.event_id = $1 ORDER BY l.position`,
    [quote.id],
  )
  expect(moves.rows).toEqual([{ to_state: 'HELD' }, { to_state: 'SETTLED' }])
  const rows = await world.app.query(
    `SELECT o.action, o.actor, o.subject FROM audit_leaf l JOIN operator_event o ON o.id = l.event_id WHERE l.version = -1 ORDER BY l.position`,
  )
  expect(rows.rows).toContainEqual({ action: 'link.ordered', actor: 'grace', subject: 'mno1' })
  expect(rows.rows).toContainEqual(expect.objectContaining({ action: 'tariff.loaded' }))
  await world.drop()
})
