import { describe, expect, test } from 'vitest'
import { type SubscriberId, uuidv7 } from '../../src/domain/ids.ts'
import { Secret } from '../../src/domain/secret.ts'
import { answerWeakness, checkAnswer, normalizeAnswer, questionOf } from '../../src/subscribers/question.ts'
import { addPerson, usePeople } from './people.ts'

const people = usePeople()

const check = (id: SubscriberId, answer: string) => checkAnswer(people.services, id, new Secret(answer))

describe('answers', () => {
  test('are compared without case, accents, spaces and punctuation', async () => {
    const id = await addPerson(people.services, { answer: "St. Mary's, Nakuru" })
    expect(await check(id, 'st marys NAKURU')).toEqual({ kind: 'right' })
    expect(normalizeAnswer(new Secret(' Wĩmũ-School 2 ')).reveal()).toBe('wimuschool2')
  })

  test('the third wrong one in a day locks, then not even the right one is looked at', async () => {
    const id = await addPerson(people.services, { answer: 'Moi Avenue' })
    expect(await check(id, 'Kenyatta')).toEqual({ kind: 'wrong', left: 2 })
    expect(await check(id, '')).toEqual({ kind: 'wrong', left: 1 })
    const locked = await check(id, 'Uhuru')
    expect(locked.kind).toBe('locked')
    expect(await check(id, 'Moi Avenue')).toEqual(locked)
    if (locked.kind === 'locked') expect(locked.until.getTime() - Date.now()).toBeGreaterThan(23.9 * 3_600_000)
    await people.store.owner.query(
      `UPDATE identity_question SET tries_since = tries_since - interval '24 hours' WHERE subscriber_id = $1`,
      [id],
    )
    expect(await check(id, 'Moi Avenue')).toEqual({ kind: 'right' })
  })

  test('a right one gives its own try back and forgives none', async () => {
    const id = await addPerson(people.services, { answer: 'Moi Avenue' })
    await check(id, 'Kenyatta')
    expect(await check(id, 'Moi Avenue')).toEqual({ kind: 'right' })
    expect(await check(id, 'Uhuru')).toEqual({ kind: 'wrong', left: 1 })
  })

  test('of many in parallel three are evaluated', async () => {
    const id = await addPerson(people.services, { answer: 'Moi Avenue' })
    const before = people.services.counted.verified.length
    await Promise.all(Array.from({ length: 60 }, (_, at) => check(id, `guess ${at}`)))
    expect(people.services.counted.verified.length - before).toBe(3)
  })

  test('without a question, or without a subscriber, the same work ends in the same words', async () => {
    for (const id of [await addPerson(people.services), uuidv7() as SubscriberId]) {
      const before = people.services.counted.verified.length
      expect(await check(id, 'anything')).toEqual({ kind: 'wrong', left: 2 })
      expect(people.services.counted.verified.slice(before)).toEqual([null])
      expect(await questionOf(people.store.app, people.services.sealer, id)).toBe(null)
    }
  })

  test('a PIN that is known does not open the answer: the same text has another hash', async () => {
    const id = await addPerson(people.services, { answer: '73915', pin: '73915' })
    const { rows } = await people.store.owner.query<{ same: boolean }>(
      'SELECT c.pin_hash = q.answer_hash AS same FROM credential c JOIN identity_question q USING (subscriber_id) WHERE subscriber_id = $1',
      [id],
    )
    expect(rows[0]?.same).toBe(false)
    expect(await questionOf(people.store.app, people.services.sealer, id)).toBe('Which was your first school?')
  })
})

describe('answers anybody would try', () => {
  const known = { question: 'Which was your first school?', name: 'Amina Otieno', number: '+254700000001' }
  const weak = [
    '',
    ' a ',
    'ab',
    '!!',
    '1111',
    'aaaa',
    'None',
    'I don’t know',
    'sijui',
    'School',
    'AMINA',
    'otieno',
    'amina otieno',
    '700000001',
    '0000',
  ]
  test.each(weak)('%j is refused', (answer) => {
    expect(answerWeakness(new Secret(answer), known)).not.toBe(null)
  })
  test.each(['Moi Avenue Primary', 'Kisumu', 'Ali', '1987'])('%j is taken', (answer) => {
    expect(answerWeakness(new Secret(answer), known)).toBe(null)
  })
  test('the reason never repeats the answer', () => {
    for (const answer of ['sijui', 'AMINA', '700000001']) {
      expect(answerWeakness(new Secret(answer), known)?.toLowerCase()).not.toContain(answer.toLowerCase())
    }
  })
})
