import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { openCheckpoint } from '../../src/security/audit-log/checkpoint.ts'
import { HASH_LENGTH } from '../../src/security/audit-log/merkle.ts'
import { judgeNote, verifierKey } from '../../src/security/audit-log/note.ts'
import { proveConsistency, type ReadTile, type TreeHead } from '../../src/security/audit-log/proofs.ts'
import { tilePath } from '../../src/security/audit-log/tiles.ts'
import {
  considerCheckpoint,
  parseWitnessRequest,
  type Witness,
  type WitnessAnswer,
  type WitnessRequest,
} from '../../src/security/audit-log/witness.ts'
import { type Ed25519, ed25519Of } from '../../src/security/ed25519.ts'
import type { WitnessOptions } from './request.ts'
import type { Output } from './run.ts'

const FETCH_TIMEOUT_MS = 10_000
const MOST_BYTES = 65_536

/**
 * Watches a log for somebody who need not trust its operator: keeps the last checkpoint it saw, lets only one follow that goes on from it,
 * and cosigns that. The state, which is that checkpoint with both signatures, is on the disk before anybody is told.
 */
export async function runWitness(options: WitnessOptions, output: Output, stop: AbortSignal): Promise<number> {
  const pair = await readPair(`${options.state}.key`)
  const witness: Witness = { name: options.name, pair, log: options.log }
  const key = { kind: 'witness', name: options.name, publicKey: pair.publicKey } as const
  output.warn(`This witness' public key, for AUDIT_WITNESSES: ${verifierKey(key)}\n`)
  if (options.port !== null) return serve(witness, options.state, options.port, output, stop)
  const { url, everyMs } = options
  for (;;) {
    const code = await look(witness, options.state, (url ?? '').replace(/\/+$/, ''), output)
    if (everyMs === null || stop.aborted) return code
    // A log that has forked is not looked at until it is right again by itself; people must look.
    if (code === 1) return code
    await wait(everyMs, undefined, { signal: stop }).catch(() => undefined)
    if (stop.aborted) return 0
  }
}

/** One look at the log; 0 cosigned, 1 refused, 3 it could not be asked. */
async function look(witness: Witness, state: string, url: string, { print, warn }: Output): Promise<0 | 1 | 3> {
  let request: WitnessRequest
  const known = await readState(state, witness)
  try {
    const checkpoint = (await get(`${url}/checkpoint`)).toString('utf8')
    const newer = openCheckpoint(checkpoint, witness.log)
    const old = known?.size ?? 0
    const goesOn = newer !== null && old <= newer.size
    request = { old, checkpoint, proof: goesOn ? await proveConsistency(tilesAt(url), old, newer.size) : [] }
  } catch (error) {
    warn(`The log cannot be read: ${error instanceof Error ? error.message : String(error)}\n`)
    return 3
  }
  const answer = considerCheckpoint(witness, known, request, Date.now())
  if (answer.kind !== 'cosigned') {
    warn(
      `REFUSED: ${wordsOf(answer)} What was seen before is kept in ${state}; show both to the operator and to who trusts the log.\n`,
    )
    return 1
  }
  await writeState(state, request.checkpoint, witness, answer.line)
  print(`Cosigned ${answer.head.size} leaves.\n`)
  const told = await fetch(`${url}/cosignature`, {
    method: 'POST',
    body: ownNote(request.checkpoint, answer.line),
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  }).catch(() => null)
  if (told?.ok !== true)
    warn(
      `The log did not take the cosignature (${told?.status ?? 'no answer'}); is this witness in its AUDIT_WITNESSES?\n`,
    )
  return 0
}

/** Answers `POST /add-checkpoint` (C2SP tlog-witness), one after another, until it is stopped. */
async function serve(
  witness: Witness,
  state: string,
  port: number,
  { print }: Output,
  stop: AbortSignal,
): Promise<number> {
  let turn: Promise<unknown> = Promise.resolve()
  const server = createServer((request, response) => {
    const answered = turn.then(async () => {
      if (request.method !== 'POST' || request.url !== '/add-checkpoint')
        return { status: 404, type: 'text/plain', body: '' }
      const asked = parseWitnessRequest((await bodyOf(request)) ?? '')
      if (asked === null) return { status: 400, type: 'text/plain', body: 'This is no request to add a checkpoint.\n' }
      const answer = considerCheckpoint(witness, await readState(state, witness), asked, Date.now())
      if (answer.kind === 'other_size') return { status: 409, type: 'text/x.tlog.size', body: `${answer.size}\n` }
      if (answer.kind === 'refused') return { status: answer.status, type: 'text/plain', body: `${answer.why}\n` }
      await writeState(state, asked.checkpoint, witness, answer.line)
      return { status: 200, type: 'text/plain; charset=utf-8', body: answer.line }
    })
    turn = answered.catch(() => undefined)
    answered.then(
      ({ status, type, body }) => response.writeHead(status, { 'Content-Type': type }).end(body),
      () => response.writeHead(500).end(),
    )
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  print(`Listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/add-checkpoint\n`)
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve()
    else stop.addEventListener('abort', () => resolve(), { once: true })
  })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  return 0
}

/** Null where it is longer than any request. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length <= MOST_BYTES) parts.push(part)
  }
  return length <= MOST_BYTES ? Buffer.concat(parts).toString('utf8') : null
}

function wordsOf(answer: Exclude<WitnessAnswer, { kind: 'cosigned' }>): string {
  return answer.kind === 'refused' ? answer.why : `The log goes on from another size than ${answer.size}.`
}

/** The last checkpoint that this witness cosigned; null before the first. Throws where the file holds anything else. */
async function readState(path: string, { log, name, pair }: Witness): Promise<TreeHead | null> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const checkpoint = openCheckpoint(text, log)
  const own = { kind: 'witness', name, publicKey: pair.publicKey } as const
  if (checkpoint === null || judgeNote(checkpoint.note, own).kind !== 'signed') {
    throw new Error(
      `${path} is not a checkpoint that this witness cosigned for ${log.name}; restore it. Without it a fork would not be seen.`,
    )
  }
  return checkpoint
}

/** The whole of the new state or the whole of the old one is on the disk, whenever the power goes. */
async function writeState(path: string, checkpoint: string, witness: Witness, line: string): Promise<void> {
  const draft = `${path}.new`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(ownNote(checkpoint, line))
    await file.sync()
  } finally {
    await file.close()
  }
  await readState(draft, witness)
  await rename(draft, path)
}

/** The text and the log's lines as they came, with our line; lines of other witnesses are theirs to keep. */
function ownNote(checkpoint: string, line: string): string {
  const name = line.slice(0, line.lastIndexOf(' ') + 1)
  const others = checkpoint.split('\n').filter((each) => !each.startsWith(name))
  return `${others.join('\n')}${line}`
}

/** 32 random bytes, made at the first start; whoever has them can cosign in this witness' name. */
async function readPair(path: string): Promise<Ed25519> {
  const draft = `${path}.${process.pid}`
  const file = await open(draft, 'w', 0o600)
  await file.writeFile(`${randomBytes(32).toString('base64')}\n`)
  await file.sync()
  await file.close()
  await link(draft, path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  await rm(draft)
  const seed = Buffer.from((await readFile(path, 'utf8')).trim(), 'base64')
  if (seed.length !== 32) throw new Error(`${path} does not hold 32 bytes in base64; restore it.`)
  return ed25519Of(seed)
}

/** A tile as the log serves it: as wide as asked for, or the whole of it where the log has thrown the part away. */
function tilesAt(url: string): ReadTile {
  return async (level, index, width) => {
    const bytes = await get(`${url}/${tilePath({ level, index, width })}`)
    if (bytes.length !== width * HASH_LENGTH)
      throw new Error(`a tile has ${bytes.length} bytes instead of ${width * HASH_LENGTH}`)
    return bytes
  }
}

async function get(url: string): Promise<Buffer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(FETCH_TIMEOUT_MS) })
  if (!response.ok) throw new Error(`${url} answers ${response.status}`)
  const bytes = Buffer.from(await response.arrayBuffer())
  if (bytes.length > MOST_BYTES) throw new Error(`${url} answers with ${bytes.length} bytes`)
  return bytes
}
