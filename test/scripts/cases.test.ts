import { afterAll, beforeAll, expect, test } from 'vitest'
import { readRequest, runCases } from '../../scripts/cases/run.ts'
import type { TransferId } from '../../src/domain/ids.ts'
import { openPartnerCases } from '../../src/http/open-work.ts'
import { voidTransfer } from '../../src/ledger/void.ts'
import { type OpenCase, openCase } from '../../src/settlement/cases.ts'
import { beginStep } from '../../src/settlement/provider-reversals.ts'
import { type LedgerWorld, openWorld, quoted } from '../ledger/world.ts'
import { runCommandLine } from '../support/run-command.ts'

let world: LedgerWorld
let id: TransferId
beforeAll(async () => {
  world = await openWorld()
  await world.biller('city-gas')
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

test('two officers have a payment taken back: what each is told, and what stands under the case', async () => {
  const bill = quoted(await world.quoteBill(await world.person(100_000n), 'city-gas', 1_000n))
  await world.hold(bill)
  await world.app.transaction((tx) => voidTransfer(tx, bill.id, 'never submitted'))
  await openCase(world.app, { transferId: bill.id, partner: 'wave', what: 'done_after_refusal', detail: null })
  const [found] = JSON.parse((await run('--json')).text) as OpenCase[]
  const caseId = found?.id ?? ''
  const reverse = (by: string) => run('reverse', caseId, '--by', by, '--note', 'letter 17')
  const able = (reverses: boolean) =>
    world.app.query(
      `INSERT INTO partner_ability VALUES ('city-gas', $1) ON CONFLICT (partner) DO UPDATE SET reverses = excluded.reverses`,
      [reverses],
    )
  expect(await reverse('grace')).toMatchObject({ done: false, text: expect.stringMatching(/^No worker has said/) })
  await able(false)
  expect(await reverse('grace')).toMatchObject({
    done: false,
    text: expect.stringMatching(/cannot be asked.*by letter/),
  })
  await able(true)
  expect(await reverse('Grace')).toEqual({ done: true, text: 'Recorded. A second officer has to say the same.' })
  expect(await reverse('grace')).toMatchObject({ done: false, text: expect.stringMatching(/counts twice/) })
  expect((await run()).text.split('\n')[1]).toBe(
    '  reversal proposed: grace wants it; a second officer has to say the same',
  )
  const { code, stdout } = await runCommandLine(
    'cases',
    ['reverse', caseId, '--by', 'p.otieno', '--note', 'seen too'],
    { DATABASE_URL: world.url },
  )
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Recorded\. Two officers .* city-gas will be asked/)])
  expect(await reverse('njeri')).toMatchObject({ done: false, text: expect.stringMatching(/^Two officers/) })
  const answer = async (
    outcome: string,
    reference: string | null,
    cause: string | null,
  ): Promise<string | undefined> => {
    const step = await beginStep(world.app, caseId, 0)
    await world.app.query(`SELECT provider_reversal_record($1, $2, $3, $4, $5, interval '0')`, [
      ...[caseId, step?.attempt, outcome, reference],
      cause,
    ])
    return (await run()).text.split('\n')[1]
  }
  expect((await run()).text.split('\n')[1]).toBe('  reversal decided: grace and p.otieno want it; a worker takes it up')
  expect(await answer('unknown', null, 'http 503')).toMatch(
    /asked 1 times about the payment.*\(http 503\); next step at/,
  )
  expect(await answer('found', 'MM17', null)).toMatch(/^ {2}reversal decided/)
  expect(await answer('pending', '/requeststates/1', null)).toMatch(
    /^ {2}reversal pending: asked once to take back MM17, as /,
  )
  expect(await answer('not_found', null, 'not found there')).toMatch(
    /reversal unknown: .*no definite answer yet \(not found there\)/,
  )
  expect(await answer('refused', null, 'incorrectState')).toMatch(
    /^ {2}reversal refused: the partner did not take back MM17 \(incorrectState\); it is not asked again/,
  )
  await run('close', caseId, '--note', 'they paid by cheque')
  expect(await reverse('njeri')).toMatchObject({ done: false, text: expect.stringMatching(/closed before/) })
})

test.each<[string, string[], RegExp]>([
  ['a verb', ['open'], /There is no open/],
  ['no case', ['close', '--note', 'x'], /Name the case/],
  ['no note', ['close', '0193f0a0-0000-7000-8000-000000000001'], /Say what was found/],
  ['an option', ['--all'], /--all/],
  ['no officer', ['reverse', '0193f0a0-0000-7000-8000-000000000001', '--note', 'because'], /Who says so/],
  ['no reason', ['reverse', '0193f0a0-0000-7000-8000-000000000001', '--by', 'grace'], /Say why/],
  ['no case', ['reverse', 'QG7K2M4P9A', '--by', 'grace', '--note', 'because'], /Name the case/],
  [
    'an officer who closes',
    ['close', '0193f0a0-0000-7000-8000-000000000001', '--by', 'x', '--note', 'y'],
    /--by belongs/,
  ],
])('what is wrong about %s is said in a sentence', (_what, args, sentence) => {
  expect(readRequest(args)).toEqual({ kind: 'wrong', sentence: expect.stringMatching(sentence) })
})

test('a case that is not there is not closed', async () => {
  const answer = await run('close', '0193f0a0-0000-7000-8000-000000000001', '--note', 'x')
  expect(answer).toMatchObject({ done: false, text: expect.stringMatching(/no such case/) })
})
