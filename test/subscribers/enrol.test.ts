import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { markets } from '../../src/domain/markets.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { loadTariffs } from '../../src/ledger/load-tariffs.ts'
import { type EnrolRequest, enrol } from '../../src/subscribers/enrol.ts'
import { findByNumber } from '../../src/subscribers/find.ts'
import { checkAnswer, questionOf } from '../../src/subscribers/question.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { auditTrail, makeServices, type TestServices } from './people.ts'

let store: TestDatabase
let services: TestServices

beforeAll(async () => {
  store = await createTestDatabase()
  services = makeServices(store.app)
  const kenya = markets.get('KE')
  if (kenya === undefined) throw new Error('no Kenya')
  await store.owner.transaction((tx) => loadTariffs(tx, kenya))
})
afterAll(() => store.drop())

let next = 712_000_000
const request = (change: Partial<EnrolRequest> = {}): EnrolRequest => ({
  number: `+254${next++}` as Msisdn,
  name: 'Zawadi Achieng',
  language: 'sw',
  tier: 'basic',
  question: { text: 'Which was your first school?', answer: new Secret('Moi Avenue') },
  by: { kind: 'system', id: 'test' },
  ...change,
})
const run = (asked: EnrolRequest) => store.app.transaction((tx) => enrol(tx, services, asked))

describe('enrolling', () => {
  test('puts a person on file without a PIN, with a wallet, a question and an event', async () => {
    const asked = request({ name: '  Zawadi   Achieng ' })
    const outcome = await run(asked)
    if (outcome.kind !== 'enrolled') throw new Error(outcome.kind)
    const id = outcome.subscriberId
    expect(await findByNumber(store.app, services.sealer, asked.number)).toMatchObject({
      id,
      name: 'Zawadi Achieng',
      language: 'sw',
      tier: 'basic',
      status: 'enrolled',
    })
    expect(await questionOf(store.app, services.sealer, id)).toBe('Which was your first school?')
    expect(await checkAnswer(services, id, new Secret('moi avenue'))).toEqual({ kind: 'right' })
    const { rows } = await store.owner.query('SELECT kind, ceiling FROM account WHERE owner_id = $1', [id])
    expect(rows).toEqual([{ kind: 'wallet', ceiling: 10_000_000n }])
    expect(await auditTrail(store.app, id)).toEqual(['subscriber.enrolled', 'answer.right'])
  })

  test('works without a question', async () => {
    const outcome = await run(request({ question: null }))
    if (outcome.kind !== 'enrolled') throw new Error(outcome.kind)
    expect(await questionOf(store.app, services.sealer, outcome.subscriberId)).toBe(null)
  })

  test('takes a number once, whoever enrols it at the same moment', async () => {
    const asked = request()
    const outcomes = await Promise.all([run(asked), run(asked), run(asked)])
    expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['already', 'already', 'enrolled'])
  })

  test('leaves nothing when its transaction fails', async () => {
    const asked = request()
    const failing = store.app.transaction(async (tx) => {
      await enrol(tx, services, asked)
      throw new Error('stop')
    })
    await expect(failing).rejects.toThrow('stop')
    expect(await findByNumber(store.app, services.sealer, asked.number)).toBe(null)
  })

  test('no column holds the number, the name or the answer in the clear', async () => {
    const asked = request({
      name: 'Quintilian Xerxes',
      question: { text: 'Name of your first pet?', answer: new Secret('Zebulon') },
    })
    await run(asked)
    for (const table of ['subscriber', 'identity_question', 'audit_event', 'audit_value', 'account']) {
      const { rows } = await store.owner.query<{ text: string }>(`SELECT t::text AS text FROM ${table} t`)
      const text = rows.map((row) => row.text).join('\n')
      for (const word of ['Quintilian', 'Xerxes', 'Zebulon', 'zebulon', asked.number.slice(1), 'first pet']) {
        expect(text).not.toContain(word)
        expect(text).not.toContain(Buffer.from(word).toString('hex'))
      }
    }
  })
})

describe('enrolling with mistakes', () => {
  const bad: [what: string, change: Partial<EnrolRequest>, problem: RegExp][] = [
    ['no name', { name: '  ' }, /name must begin/],
    ['a name with markup', { name: 'Amina <b>' }, /name must begin/],
    ['a name written backwards', { name: 'Amina \u202eitO' }, /name must begin/],
    ['a name of two lines', { name: 'Amina\u0007Otieno' }, /name must begin/],
    ['a name too long', { name: 'A'.repeat(61) }, /longer than 60/],
    ['a language in words', { language: 'English' }, /language/],
    ['a tier in words', { tier: 'The best' }, /tier/],
    ['no question text', { question: { text: ' ', answer: new Secret('Moi Avenue') } }, /question/],
    ['a question too long', { question: { text: 'x'.repeat(61), answer: new Secret('Moi Avenue') } }, /question/],
    ['no answer', { question: { text: 'First pet?', answer: new Secret('') } }, /fewer than 3/],
    ['an answer that is the name', { question: { text: 'First pet?', answer: new Secret('zawadi') } }, /name/],
  ]
  test.each(bad)('%s is told in a sentence and leaves nothing', async (_what, change, problem) => {
    const asked = request(change)
    const outcome = await run(asked)
    expect(outcome).toMatchObject({ kind: 'bad' })
    if (outcome.kind === 'bad') expect(outcome.problems.join('\n')).toMatch(problem)
    expect(await findByNumber(store.app, services.sealer, asked.number)).toBe(null)
  })

  test('all mistakes are told at once', async () => {
    const outcome = await run(
      request({ name: '', language: '', tier: '', question: { text: '', answer: new Secret('1') } }),
    )
    expect(outcome.kind === 'bad' && outcome.problems.length).toBe(5)
  })

  test.each(["N'Golo O. Mwangi-Kamau", 'Wĩmũ Ngũgĩ', 'Amina', 'José 2nd', 'ʼAʻisha'.slice(1), 'አበበ ቢቂላ'])(
    '%s is a name',
    async (name) => {
      expect((await run(request({ name }))).kind).toBe('enrolled')
    },
  )
})
