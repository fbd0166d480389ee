import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Queryable } from '../../../src/database/database.ts'
import { openCheckpoint } from '../../../src/security/audit-log/checkpoint.ts'
import { keepCosignatures } from '../../../src/security/audit-log/cosignatures.ts'
import { hashRow } from '../../../src/security/audit-log/leaf.ts'
import { cosignNote, type NoteKey } from '../../../src/security/audit-log/note.ts'
import { readLeaves } from '../../../src/security/audit-log/rows.ts'
import { sequenceNew } from '../../../src/security/audit-log/sequence.ts'
import { readNewestNote } from '../../../src/security/audit-log/stored.ts'
import { growTree } from '../../../src/security/audit-log/tiles.ts'
import { openAsSuperuser, tamper } from '../../ledger/day-end/tamper.ts'
import { audit, event, eventIds, type LogWorld, openLog, signer, witnessKey, witnessPair } from './world.ts'

/** Makes stored tiles fit the rows as they are now: what somebody does who covers up, and has every right but AUDIT_KEY. */
async function recomputeTiles(tx: Queryable): Promise<void> {
  const leaves = await readLeaves(tx, 0, 100_000)
  const tree = growTree(0, [])
  for (const { row } of leaves) if (row !== null) tree.append(hashRow(row))
  await tx.query('DELETE FROM audit_tile')
  for (const { level, index, hashes } of tree.changed())
    await tx.query('INSERT INTO audit_tile (level, index, hashes) VALUES ($1, $2, $3)', [level, index, hashes])
}

async function asSuperuser(log: LogWorld, work: (tx: Queryable) => Promise<void>): Promise<void> {
  const superuser = openAsSuperuser(log.store)
  try {
    await superuser.transaction(async (tx) => {
      await tx.query('SET LOCAL session_replication_role = replica')
      await work(tx)
    })
  } finally {
    await superuser.close()
  }
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

describe('verify', () => {
  let log: LogWorld
  beforeAll(async () => {
    log = await filled()
  })
  afterAll(() => log?.drop())

  test('finds nothing in a log that nobody touched, and says what waits', async () => {
    expect(await log.verify()).toMatchObject({ leaves: 310, waiting: 0, findings: [], more: 0 })
    await audit.record(log.store.app, event('waits'))
    expect(await log.verify()).toMatchObject({ leaves: 310, waiting: 1, findings: [] })
  })
})

test.each(TAMPERINGS)(
  'names the row when somebody $what, also when tiles are recomputed to fit',
  async ({ sql, plain, covered }) => {
    const log = await filled()
    const kept = (await readNewestNote(log.store.app))?.note ?? ''
    await tamper(log.store, ...sql)
    const found = await log.verify()
    expect(
      new Set(found.findings.map(({ kind, position }) => (position === null ? kind : `${kind} ${position}`))),
    ).toEqual(new Set(plain))
    await asSuperuser(log, recomputeTiles)
    expect(new Set(await log.findings())).toEqual(new Set(covered))
    // Who kept a checkpoint elsewhere finds it too, whoever holds the key.
    const fork = covered.includes('checkpoint') && !sql[0]?.includes('audit_checkpoint') ? ['fork'] : []
    expect(
      (await log.findings({ kept: [{ from: 'the bank', text: kept }] })).filter((kind) => kind === 'fork'),
    ).toEqual(fork)
    await log.drop()
  },
)

describe('somebody with AUDIT_KEY too, who makes the whole log anew,', () => {
  async function remade(change: readonly string[]): Promise<{ log: LogWorld; kept: string }> {
    const log = await filled()
    const kept = (await readNewestNote(log.store.app))?.note ?? ''
    await asSuperuser(log, async (tx) => {
      for (const table of ['audit_cosignature', 'audit_checkpoint', 'audit_tile', 'audit_leaf'])
        await tx.query(`DELETE FROM ${table}`)
      for (const statement of change) await tx.query(statement)
      await tx.query('UPDATE audit_progress SET floor_xid = 0')
    })
    await sequenceNew(log.services)
    return { log, kept }
  }

  test('deceives the service alone, and not who kept a checkpoint: a fork', async () => {
    const { log, kept } = await remade([`DELETE FROM audit_event WHERE subject = 'subject-77'`])
    await log.add(20)
    expect(await log.findings()).toEqual([])
    expect(await log.findings({ kept: [{ from: 'the bank', text: kept }] })).toEqual(['fork'])
    await log.drop()
  })

  test('or who finds the log shorter than it was: cut', async () => {
    const { log, kept } = await remade([`DELETE FROM audit_event WHERE subject = 'subject-309'`])
    expect(await log.findings()).toEqual([])
    const { findings } = await log.verify({ kept: [{ from: 'the bank', text: kept }] })
    expect(findings).toMatchObject([{ kind: 'cut' }])
    expect(findings[0]?.what).toBe(
      'the bank keeps a checkpoint of 310 leaves, signed by this log, which has 309 now: its end was cut off.',
    )
    await log.drop()
  })
})

test('a renumbered log: the row that is gone is where the first one was moved to', async () => {
  const log = await filled()
  const [id] = (await eventIds(log)).slice(42, 43)
  await asSuperuser(log, async (tx) => {
    await tx.query('DELETE FROM audit_event WHERE id = $1', [id])
    await tx.query('DELETE FROM audit_leaf WHERE position = 42')
    for (let position = 43; position < 310; position += 1)
      await tx.query('UPDATE audit_leaf SET position = $1 WHERE position = $2', [position - 1, position])
    await recomputeTiles(tx)
  })
  const { findings } = await log.verify()
  const first = findings.find(({ kind }) => kind === 'moved')
  expect(first).toMatchObject({ position: 42 })
  expect(first?.what).toContain('stands as leaf 42 and was put on record as leaf 43')
  expect(findings.map(({ kind }) => kind)).toContain('checkpoint')
  await log.drop()
})

test('a cosignature is kept once, of trusted witnesses only, and one that does not fit is named', async () => {
  const log = await filled()
  const { app } = log.store
  const newest = (await readNewestNote(app))?.note ?? ''
  const text = openCheckpoint(newest, signer.key)?.note.text ?? ''
  const line = cosignNote(text, witnessKey.name, witnessPair, 1_700_000_000_000)
  const stranger: NoteKey = { ...witnessKey, name: 'stranger' }
  expect(await keepCosignatures(app, [stranger], newest + line)).toBe('foreign')
  expect(await keepCosignatures(app, [witnessKey], newest + line)).toBe('stored')
  expect(await keepCosignatures(app, [witnessKey], newest + line)).toBe('stored')
  expect(await keepCosignatures(app, [witnessKey], newest.replace('\n310\n', '\n309\n') + line)).toBe('unknown')
  expect((await log.verify()).cosigned).toEqual([{ name: 'bank.test/w1', size: 310, atMs: 1_700_000_000_000 }])
  await tamper(log.store, `UPDATE audit_cosignature SET size = 300`)
  expect(await log.findings()).toEqual(['cosignature'])
  await log.drop()
})
