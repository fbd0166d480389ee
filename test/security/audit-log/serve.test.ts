import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import express from 'express'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkFiles } from '../../../scripts/audit/check.ts'
import { type Request, readRequest } from '../../../scripts/audit/request.ts'
import { runOnLog } from '../../../scripts/audit/run.ts'
import { runWitness } from '../../../scripts/audit/witness.ts'
import { uuidv7 } from '../../../src/domain/ids.ts'
import { addAuditRoutes } from '../../../src/http/operator-audit.ts'
import { makeAudit } from '../../../src/security/audit.ts'
import { makeLogSigner } from '../../../src/security/audit-log/checkpoint.ts'
import { makeSealLeaf } from '../../../src/security/audit-log/leaf.ts'
import { type NoteKey, parseVerifierKey, verifierKey } from '../../../src/security/audit-log/note.ts'
import { sequenceNew } from '../../../src/security/audit-log/sequence.ts'
import { writeWitnessRequest } from '../../../src/security/audit-log/witness.ts'
import { makeKey } from '../../../src/security/keys.ts'
import { makeSealer } from '../../../src/security/sealing.ts'
import { openWorld, quoted, resolve as settle } from '../../ledger/world.ts'
import { eventIds, type LogWorld, ORIGIN, openLog, signer } from './world.ts'

type Served = { readonly url: string; close(): Promise<void> }

async function served(log: LogWorld, witnesses: readonly NoteKey[] = []): Promise<Served> {
  const app = express()
  addAuditRoutes(app, { database: log.store.app, witnesses })
  const server: Server = createServer(app)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/audit`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A reader of C2SP tlog-tiles made from the specification alone: fetches all entries and computes their root, sharing no code with ours. */
async function readAsStranger(get: (path: string) => Promise<Buffer>): Promise<{ size: number; entries: string[] }> {
  const sha256 = (...parts: Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest()
  const pathOf = (level: string, n: number, width: number): string => {
    const digits = String(n)
      .padStart(Math.ceil(String(n).length / 3) * 3, '0')
      .match(/.../g) as string[]
    const last = digits.pop()
    return `tile/${level}/${[...digits.map((three) => `x${three}`), last].join('/')}${width < 256 ? `.p/${width}` : ''}`
  }
  const [, sizeText = '', root = ''] = (await get('checkpoint')).toString('utf8').split('\n')
  const size = Number(sizeText)
  const entries: string[] = []
  const leaves: Buffer[] = []
  for (let n = 0; n * 256 < size; n += 1) {
    const width = Math.min(256, size - n * 256)
    const bundle = await get(pathOf('entries', n, width))
    const tile = await get(pathOf('0', n, width))
    for (let at = 0, k = 0; at < bundle.length; k += 1) {
      const length = bundle.readUInt16BE(at)
      const entry = bundle.subarray(at + 2, at + 2 + length)
      const leaf = sha256(Buffer.of(0), entry)
      expect(tile.subarray(k * 32, k * 32 + 32).equals(leaf)).toBe(true)
      entries.push(entry.toString('utf8'))
      leaves.push(leaf)
      at += 2 + length
    }
    expect(tile.length).toBe(width * 32)
  }
  const rootOf = (hashes: Buffer[]): Buffer => {
    if (hashes.length === 1) return hashes[0] as Buffer
    const k = 2 ** (Math.ceil(Math.log2(hashes.length)) - 1)
    return sha256(Buffer.of(1), rootOf(hashes.slice(0, k)), rootOf(hashes.slice(k)))
  }
  expect(rootOf(leaves).toString('base64')).toBe(root)
  const full = Math.floor(size / 256)
  if (full > 0) {
    const above = await get(pathOf('1', 0, full))
    for (let n = 0; n < full; n += 1)
      expect(above.subarray(n * 32, n * 32 + 32).equals(rootOf(leaves.slice(n * 256, n * 256 + 256)))).toBe(true)
  }
  return { size, entries }
}

function heard() {
  const told = { out: '', err: '' }
  return {
    told,
    output: {
      print(text: string) {
        told.out += text
      },
      warn(text: string) {
        told.err += text
      },
    },
  }
}

async function over(url: string, path: string): Promise<Buffer> {
  const response = await fetch(`${url}/${path}`)
  expect(response.status, path).toBe(200)
  return Buffer.from(await response.arrayBuffer())
}

const requestOf = (...args: string[]): Request => {
  const line = readRequest(args)
  if (line.kind !== 'options') throw new Error(line.kind === 'wrong' ? line.sentence : 'help')
  return line.options
}

let folder: string
let log: LogWorld
const keys = { data: makeKey(Buffer.alloc(32, 8)), audit: makeKey(Buffer.alloc(32, 9)) }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'audit-'))
  log = await openLog()
  await log.add(700)
})
afterAll(async () => {
  await log?.drop()
  await rm(folder, { recursive: true, force: true })
})

/** `npm run audit -- <args>` on that log. */
async function run(
  on: Pick<LogWorld, 'store'>,
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const request = requestOf(...args)
  const { told, output } = heard()
  if (request.verb === 'check') return { code: await checkFiles(request, output), ...told }
  if (request.verb === 'witness')
    return { code: await runWitness(request, output, new AbortController().signal), ...told }
  const tools = { database: on.store.app, keys, origin: ORIGIN, witnesses: [], by: 'grace', ...output }
  return { code: await runOnLog(tools, request), ...told }
}

describe('the log as it is served', () => {
  test('is read and checked by a reader that knows only the specification', async () => {
    const at = await served(log)
    const { size, entries } = await readAsStranger((path) => over(at.url, path))
    expect(size).toBe(700)
    const ids = entries.map((entry) => (JSON.parse(entry) as string[])[1])
    expect(ids).toEqual(await eventIds(log))
    const tile = await fetch(`${at.url}/tile/0/000`)
    expect(tile.headers.get('content-type')).toBe('application/octet-stream')
    expect(tile.headers.get('cache-control')).toContain('immutable')
    expect((await fetch(`${at.url}/checkpoint`)).headers.get('content-type')).toBe('text/plain; charset=utf-8')
    await at.close()
  })

  test('is exported as the same files', async () => {
    const directory = join(folder, 'export')
    expect(await run(log, 'export', directory)).toMatchObject({ code: 0 })
    const { size } = await readAsStranger((path) => readFile(join(directory, path)))
    expect(size).toBe(700)
  })

  test.each([
    'tile/0/003',
    'tile/0/002.p/189',
    'tile/1/000',
    'tile/3/000.p/1',
    'tile/0/2',
    'tile/entries/900',
    'tile/0/..%2f..%2fcheckpoint',
  ])('has no %s', async (path) => {
    const at = await served(log)
    expect((await fetch(`${at.url}/${path}`)).status).toBe(404)
    await at.close()
  })

  test('serves a part of a tile that has grown since, as a checkpoint of before needs it', async () => {
    const at = await served(log)
    const part = await over(at.url, 'tile/0/002.p/17')
    expect(part.equals((await over(at.url, 'tile/0/002.p/188')).subarray(0, 17 * 32))).toBe(true)
    await at.close()
  })

  test('says that there is nothing yet, and every command works on nothing', async () => {
    const empty = await openLog()
    const at = await served(empty)
    expect((await fetch(`${at.url}/checkpoint`)).status).toBe(404)
    await at.close()
    for (const args of [['verify'], ['show'], ['key'], ['export', join(folder, 'empty')]])
      expect((await run(empty, ...args)).code, args[0]).toBe(0)
    await empty.drop()
  })
})

describe('a proof', () => {
  const key = verifierKey(signer.key)

  test('of an event convinces whoever has the public key, offline, and a changed one does not', async () => {
    const id = (await eventIds(log))[256] ?? ''
    const { out } = await run(log, 'prove', id)
    expect(out.split('\n')[0]).toBe('c2sp.org/tlog-proof@v1')
    const file = join(folder, 'one.tlog-proof')
    await writeFile(file, out)
    const checked = await run(log, 'check', file, '--key', key)
    expect(checked).toMatchObject({ code: 0 })
    expect(checked.out).toContain('leaf 256 of the 700')
    expect(checked.out).toContain(id)
    const extra = out.split('\n')[1] ?? ''
    const another = Buffer.from(Buffer.from(extra.slice(6), 'base64').toString().replace('officer-7', 'officer-8'))
    await writeFile(file, out.replace(extra, `extra ${another.toString('base64')}`))
    expect(await run(log, 'check', file, '--key', key)).toMatchObject({ code: 1 })
    await writeFile(file, out.replace('index 256', 'index 257'))
    expect(await run(log, 'check', file, '--key', key)).toMatchObject({ code: 1 })
    const other = verifierKey(makeLogSigner(makeKey(Buffer.alloc(32, 1)), ORIGIN).key)
    await writeFile(file, out)
    expect(await run(log, 'check', file, '--key', other)).toMatchObject({ code: 1 })
    expect(await run(log, 'prove', uuidv7())).toMatchObject({ code: 1 })
  })

  test('of consistency shows that a log goes on from an older one', async () => {
    const [older, proof] = [join(folder, 'older'), join(folder, 'newer')]
    await writeFile(
      older,
      (await log.store.app.query<{ note: string }>('SELECT note FROM audit_checkpoint')).rows[0]?.note ?? '',
    )
    const grown = log
    await grown.add(60)
    const { out } = await run(grown, 'consistency', '700')
    await writeFile(proof, out)
    expect(await run(log, 'check', proof, '--from', older, '--key', key)).toMatchObject({ code: 0 })
    const fork = await openLog()
    await fork.add(700)
    await fork.add(60)
    await writeFile(proof, (await run(fork, 'consistency', '700')).out)
    expect(await run(log, 'check', proof, '--from', older, '--key', key)).toMatchObject({ code: 1 })
    await fork.drop()
  })
})

describe('a witness', () => {
  const key = verifierKey(signer.key)

  test('cosigns what goes on, is heard by the log, and refuses a fork and a shorter log', async () => {
    const state = join(folder, 'witness.txt')
    const own = await openLog()
    await own.add(300)
    const first = await served(own)
    const look = (url: string) =>
      run(own, 'witness', '--url', url, '--state', state, '--key', key, '--name', 'bank.test/w1')
    const seen = await look(first.url)
    expect(seen).toMatchObject({ code: 0, out: 'Cosigned 300 leaves.\n' })
    const witness = parseVerifierKey(/bank\.test\/w1\+\S+/.exec(seen.err)?.[0] ?? '')
    if (witness === null) throw new Error(`no key in ${seen.err}`)
    await first.close()

    const second = await served(own, [witness])
    await own.add(400)
    expect(await look(second.url)).toMatchObject({ code: 0, out: 'Cosigned 700 leaves.\n' })
    expect((await own.verify({ witnesses: [witness] })).cosigned).toMatchObject([{ name: 'bank.test/w1', size: 700 }])
    expect((await over(second.url, 'checkpoint')).toString()).toContain('— bank.test/w1 ')
    const { out } = await run(own, 'prove', (await eventIds(own))[5] ?? '')
    await writeFile(join(folder, 'cosigned'), out)
    expect(
      await run(own, 'check', join(folder, 'cosigned'), '--key', key, '--cosigned', verifierKey(witness)),
    ).toMatchObject({ code: 0 })
    await second.close()
    const kept = await readFile(state, 'utf8')
    expect(await own.findings({ kept: [{ from: 'the bank', text: kept }] })).toEqual([])

    for (const [leaves, says] of [
      [900, /does not begin with the 700 leaves/],
      [700, /another root at 700/],
      [100, /was cut/],
    ] as const) {
      const other = await openLog()
      await other.add(leaves)
      const at = await served(other, [witness])
      const refused = await look(at.url)
      expect(refused.code).toBe(1)
      expect(refused.err).toMatch(says)
      expect(await readFile(state, 'utf8')).toBe(kept)
      await at.close()
      await other.drop()
    }
    await own.drop()
  })

  test('does not begin anew with a state that is damaged, and does not believe another key', async () => {
    const at = await served(log)
    const state = join(folder, 'damaged.txt')
    await writeFile(state, 'nothing\n')
    await expect(run(log, 'witness', '--url', at.url, '--state', state, '--key', key)).rejects.toThrow(/restore it/)
    const foreign = verifierKey(makeLogSigner(makeKey(Buffer.alloc(32, 1)), ORIGIN).key)
    const refused = await run(log, 'witness', '--url', at.url, '--state', join(folder, 'fresh.txt'), '--key', foreign)
    expect(refused.code).toBe(1)
    expect(refused.err).toContain('not signed by')
    await at.close()
  })

  test('answers add-checkpoint with the statuses of C2SP tlog-witness', async () => {
    const request = requestOf('witness', '--listen', '0', '--state', join(folder, 'listening.txt'), '--key', key)
    if (request.verb !== 'witness') throw new Error('no witness')
    const stop = new AbortController()
    const { told, output } = heard()
    const ended = runWitness(request, output, stop.signal)
    await expect.poll(() => told.out).toContain('Listening')
    const url = /http:\S+/.exec(told.out)?.[0] ?? ''
    const ask = (body: string) => fetch(url, { method: 'POST', body })
    const { out } = await run(log, 'consistency', '0')
    expect((await ask('what?')).status).toBe(400)
    expect((await ask(out.replace(ORIGIN, 'another.test/log'))).status).toBe(404)
    expect((await ask(out.replace(/(— \S+ .{8})./, '$1A').replace(/(— \S+ .{20})./, '$1B'))).status).toBe(403)
    const first = await ask(out)
    expect([first.status, await first.text()]).toEqual([
      200,
      expect.stringMatching(/^— witness\.example\/nyota \S+\n$/),
    ])
    const again = await ask(out)
    expect([again.status, again.headers.get('content-type'), await again.text()]).toEqual([
      409,
      'text/x.tlog.size',
      '760\n',
    ])
    await log.add(5)
    const grown = (await run(log, 'consistency', '760')).out
    const [old = '', , ...rest] = grown.split('\n')
    const wrong = [old, Buffer.alloc(32).toString('base64'), ...rest].join('\n')
    expect((await ask(wrong)).status).toBe(422)
    expect((await ask(grown)).status).toBe(200)
    expect(
      (await ask(writeWitnessRequest({ old: 9_999, proof: [], checkpoint: grown.slice(grown.indexOf('\n\n') + 2) })))
        .status,
    ).toBe(400)
    stop.abort()
    expect(await ended).toBe(0)
  })
})

test('erasure takes the values and leaves the log as it was, and is itself on record', async () => {
  const world = await openWorld()
  const sealer = makeSealer(keys.data)
  const audit = makeAudit(keys.audit, sealer)
  const person = await world.person(500_000n)
  const services = { database: world.app, signer, sealLeaf: makeSealLeaf(keys.audit) }
  const at = { store: world } as unknown as LogWorld
  await audit.record(world.app, {
    actor: { kind: 'subscriber', id: person.id },
    action: 'thing.done',
    subject: null,
    payload: { name: 'Amina' },
  })
  await audit.record(world.app, {
    actor: { kind: 'staff', id: 'x' },
    action: 'thing.done',
    subject: 'other',
    payload: { name: 'Juma' },
  })
  await sequenceNew(services)
  await expect(world.app.query('SELECT audit_erase($1)', [person.id])).rejects.toThrow(/together with the record/)
  expect(await run(at, 'erase', person.id)).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^1 values are erased/),
  })
  expect(await run(at, 'erase', uuidv7())).toMatchObject({ code: 1 })
  await sequenceNew(services)
  const left = await world.app.query('SELECT name FROM audit_value')
  expect(left.rows).toHaveLength(1)
  expect(await run(at, 'verify')).toMatchObject({ code: 0 })
  const shown = await run(at, 'show', '--subject', person.id)
  expect(shown.out).toContain('values.erased')
  const ours = await run(at, 'show', '--actor', person.id, '--json')
  expect(JSON.parse(ours.out)).toMatchObject([{ action: 'thing.done', actor: `subscriber ${person.id}` }])
  await world.drop()
})

test('a transfer is proven by its reference', async () => {
  const world = await openWorld()
  const [payer, payee] = [await world.person(500_000n), await world.person(0n)]
  const quote = quoted(await world.quoteSend(payer, payee, 1_000n))
  await world.hold(quote)
  await settle(world.app, quote.id, 'post')
  await sequenceNew({ database: world.app, signer, sealLeaf: makeSealLeaf(keys.audit) })
  const { rows } = await world.app.query<{ reference: string }>('SELECT reference FROM transfer')
  const at = { store: world } as unknown as LogWorld
  const { code, out, err } = await run(at, 'prove', rows[0]?.reference.toLowerCase() ?? '')
  expect(code).toBe(0)
  expect(err).toContain('this is the last one')
  expect(Buffer.from(out.split('\n')[1]?.slice(6) ?? '', 'base64').toString()).toContain('"SETTLED"')
  await world.drop()
})

test.each([
  [['nothing']],
  [['verify', '--limit', '3']],
  [['show', '--since', 'yesterday']],
  [['show', '--limit', '0']],
  [['prove']],
  [['check', 'file']],
  [['check', 'file', '--key', verifierKey(signer.key), '--cosigned', verifierKey(signer.key)]],
  [['witness', '--key', verifierKey(signer.key), '--state', 'x']],
  [['witness', '--key', verifierKey(signer.key), '--url', 'http://127.0.0.1/audit']],
  [['consistency', 'five']],
])('wrong use gets a sentence: %j', (args) => {
  const line = readRequest(args)
  expect(line.kind).toBe('wrong')
  expect(line.kind === 'wrong' && line.sentence).toContain('npm run audit -- --help shows how.')
})
