import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRequest, runCases } from '../../scripts/cases/run.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { openPartnerCases } from '../../src/http/open-work.ts'
import { type OpenCase, openCase } from '../../src/settlement/cases.ts'
import { type LedgerWorld, openWorld, quoted } from '../ledger/world.ts'
import { runCommandLine } from '../support/run-command.ts'

let world: LedgerWorld
let id: TransferId
beforeAll(async () => {
  world = await openWorld()
  const quote = quoted(await world.quoteSend(await world.person(100_000n), await world.person(0n), 1_000n))
  await world.hold(quote)
  id = quote.id
})
afterAll(() => world?.drop())

const run = (...args: string[]) => {
  const line = readRequest(args)
  if (line.kind !== 'options') throw new Error(line.kind)
  return runCases(world.app, line.options, 'grace')
}

test('an empty database has no case, and the command says so with exit code 0', async () => {
  expect(await run()).toEqual({ done: true, text: 'No case is open.' })
  expect(await runCommandLine('cases', [], { DATABASE_URL: world.url })).toMatchObject({
    code: 0,
    stdout: 'No case is open.\n',
  })
})

test('a case is opened once for each reason, listed without a person in it, counted, and closed once with a note', async () => {
  const about = { transferId: id, partner: 'wave', what: 'done_after_refusal', detail: 'callback' } as const
  expect([await openCase(world.app, about), await openCase(world.app, about)]).toEqual([true, false])
  const { text } = await run('--json')
  const [found] = JSON.parse(text) as OpenCase[]
  expect(found).toMatchObject({ partner: 'wave', what: 'done_after_refusal', state: 'HELD' })
  expect((await run()).text).toMatch(
    /^[0-9a-f-]{36} {2}\S+Z {2}[A-Z2-9]{10} HELD {2}wave: done_after_refusal \(callback\)$/,
  )
  expect(await openPartnerCases(world.app)).toMatchObject([{ state: 'done_after_refusal', count: 1 }])
  expect(await run('close', found?.id ?? '', '--note', 'paid out by hand')).toMatchObject({ done: true })
  expect(await run('close', found?.id ?? '', '--note', 'again')).toMatchObject({ done: false })
  expect(await run()).toEqual({ done: true, text: 'No case is open.' })
  expect(await openPartnerCases(world.app)).toEqual([])
  const { rows } = await world.owner.query('SELECT by, note FROM provider_case_closing')
  expect(rows).toEqual([{ by: 'grace', note: 'paid out by hand' }])
})

test.each<[string, string[], RegExp]>([
  ['a verb', ['open'], /There is no open/],
  ['no case', ['close', '--note', 'x'], /Name the case/],
  ['no note', ['close', '0193f0a0-0000-7000-8000-000000000001'], /Say what was found/],
  ['an option', ['--all'], /--all/],
])('what is wrong about %s is said in a sentence', (_what, args, sentence) => {
  expect(readRequest(args)).toEqual({ kind: 'wrong', sentence: expect.stringMatching(sentence) })
})

test('a case that is not there is not closed', async () => {
  const answer = await run('close', '0193f0a0-0000-7000-8000-000000000001', '--note', 'x')
  expect(answer).toMatchObject({ done: false, text: expect.stringMatching(/no such case/) })
})
