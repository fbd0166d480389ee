import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Database } from '../../src/database/database.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeLogSigner } from '../../src/security/audit-log/checkpoint.ts'
import { writeProof } from '../../src/security/audit-log/inclusion-proof.ts'
import { encodeLeaf, makeSealLeaf } from '../../src/security/audit-log/leaf.ts'
import { type NoteKey, verifierKey } from '../../src/security/audit-log/note.ts'
import { proveConsistency, proveInclusion } from '../../src/security/audit-log/proofs.ts'
import { readLeaves } from '../../src/security/audit-log/rows.ts'
import { readCheckpoint, readNewestNote, readResource, tilesOf } from '../../src/security/audit-log/stored.ts'
import { TILE_WIDTH, type TilePath, tilePath, tileWidth } from '../../src/security/audit-log/tiles.ts'
import { verifyLog } from '../../src/security/audit-log/verify.ts'
import { writeWitnessRequest } from '../../src/security/audit-log/witness.ts'
import type { Keys } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { findLeaves, listEvents } from './find.ts'
import type { LogRequest, ShowFilter } from './request.ts'

export type Output = { readonly print: (text: string) => void; readonly warn: (text: string) => void }

export type AuditTools = Output & {
  readonly database: Database
  readonly keys: Pick<Keys, 'data' | 'audit'>
  readonly origin: string
  readonly witnesses: readonly NoteKey[]
  /** Who does it, for the record. */
  readonly by: string
}

/** Does one thing with the log of a database; resolves with the exit code. */
export async function runOnLog(tools: AuditTools, request: LogRequest): Promise<number> {
  switch (request.verb) {
    case 'verify':
      return verify(tools, request)
    case 'show':
      return show(tools, request, request.json)
    case 'prove':
      return prove(tools, request.what)
    case 'consistency':
      return consistency(tools, request)
    case 'key':
      tools.print(`${verifierKey(keyOf(tools))}\n`)
      return 0
    case 'export':
      return exportLog(tools, request.directory)
    case 'erase':
      return erase(tools, request.person)
  }
}

function keyOf({ keys, origin }: AuditTools): NoteKey {
  return makeLogSigner(keys.audit, origin).key
}

async function verify(tools: AuditTools, { kept, json }: { kept: readonly string[]; json: boolean }): Promise<number> {
  const { database, keys, witnesses, print, warn } = tools
  const found = await verifyLog({
    ...{ database, witnesses, key: keyOf(tools), sealLeaf: makeSealLeaf(keys.audit) },
    audit: makeAudit(keys.audit, makeSealer(keys.data)),
    kept: await Promise.all(kept.map(async (from) => ({ from, text: await readFile(from, 'utf8') }))),
  })
  const { leaves, waiting, findings, more, cosigned } = found
  if (json) print(`${JSON.stringify(found)}\n`)
  else {
    for (const { kind, what } of findings) warn(`${kind.toUpperCase()}: ${what}\n`)
    if (more > 0) warn(`… and ${more} more.\n`)
    for (const { name, size, atMs } of cosigned)
      print(`Cosigned by ${name} at ${size} leaves, ${new Date(atMs).toISOString()}.\n`)
    const waits = waiting === 0 ? '' : ` ${waiting} rows wait for the sequencer.`
    if (findings.length === 0) print(`${leaves} leaves are what was put on record and signed.${waits}\n`)
    else warn(`The log of ${leaves} leaves was changed.${waits}\n`)
  }
  return findings.length === 0 ? 0 : 1
}

async function show({ database, print }: AuditTools, filter: ShowFilter, json: boolean): Promise<number> {
  const events = await listEvents(database, filter)
  if (json) print(`${JSON.stringify(events)}\n`)
  else if (events.length === 0) print('Nothing like that is on record.\n')
  else {
    const lines = events.map(({ at, actor, action, subject, id, position }) =>
      [at, position === null ? 'waits' : `#${position}`, actor, action, subject ?? '-', id].join('  '),
    )
    print(`${lines.join('\n')}\n`)
  }
  return 0
}

async function prove(tools: AuditTools, what: string): Promise<number> {
  const { database, print, warn } = tools
  const newest = await readNewestNote(database)
  const positions = await findLeaves(database, what)
  const position = positions.at(-1)
  if (newest === null || position === undefined) {
    warn(
      `${what} is not in the log. Say an event's id, as npm run audit -- show prints it, or a transfer's reference; what is new takes a second.\n`,
    )
    return 1
  }
  if (positions.length > 1) warn(`There are leaves ${positions.join(', ')} about it; this is the last one.\n`)
  const [leaf] = await readLeaves(database, position, position + 1)
  const checkpoint = await readCheckpoint(database, newest.size)
  if (leaf === undefined || leaf.row === null || checkpoint === null) {
    warn('The row of that leaf is gone; npm run audit -- verify says more.\n')
    return 1
  }
  const path = await proveInclusion(tilesOf(database), position, newest.size)
  print(writeProof({ entry: encodeLeaf(leaf.row), index: position, path, checkpoint }))
  return 0
}

async function consistency(
  { database, print, warn }: AuditTools,
  { from, to }: { from: number; to: number | null },
): Promise<number> {
  const size = to ?? (await readNewestNote(database))?.size ?? 0
  const checkpoint = await readCheckpoint(database, size)
  if (checkpoint === null || from > size) {
    warn(`No checkpoint of ${size} leaves, and of more than ${from}, was signed.\n`)
    return 1
  }
  const proof = await proveConsistency(tilesOf(database), from, size)
  print(writeWitnessRequest({ old: from, proof, checkpoint }))
  return 0
}

async function exportLog({ database, print, warn }: AuditTools, directory: string): Promise<number> {
  const newest = await readNewestNote(database)
  const checkpoint = newest === null ? null : await readCheckpoint(database, newest.size)
  if (newest === null || checkpoint === null) {
    print('Nothing was put on record yet; nothing was written.\n')
    return 0
  }
  const { size } = newest
  let files = 0
  for (const path of pathsOf(size)) {
    const bytes = await readResource(database, path, size)
    if (bytes === null) {
      warn(`${tilePath(path)} is not there any more; npm run audit -- verify says more.\n`)
      return 1
    }
    const file = join(directory, tilePath(path))
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, bytes)
    files += 1
  }
  // Last, so that whoever finds it finds all that it speaks of.
  await writeFile(join(directory, 'checkpoint'), checkpoint)
  print(`${size} leaves, ${files} files and the checkpoint are in ${directory}.\n`)
  return 0
}

function* pathsOf(size: number): Generator<TilePath> {
  for (const level of [null, 0, 1, 2, 3, 4, 5, 6, 7]) {
    for (let index = 0; tileWidth(level ?? 0, index, size) > 0; index += 1)
      yield { level, index, width: Math.min(TILE_WIDTH, tileWidth(level ?? 0, index, size)) }
  }
}

async function erase({ database, keys, by, print, warn }: AuditTools, person: string): Promise<number> {
  const audit = makeAudit(keys.audit, makeSealer(keys.data))
  const erased = await database.transaction(async (tx) => {
    const known = await tx.query('SELECT FROM subscriber WHERE id::text = $1', [person])
    if (known.rowCount === 0) return null
    await audit.record(tx, { actor: { kind: 'staff', id: by }, action: 'values.erased', subject: person, payload: {} })
    const { rows } = await tx.query<{ count: number }>('SELECT audit_erase($1) AS count', [person])
    return rows[0]?.count ?? 0
  })
  if (erased === null) {
    warn(`No subscriber has the id ${person}; nothing was erased.\n`)
    return 1
  }
  print(`${erased} values are erased, on record for ${by}. What was done, when and by whom stays.\n`)
  return 0
}
