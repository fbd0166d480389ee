import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { GsmaTrouble } from '../../scripts/fakes/gsma/trouble.ts'
import type { CallbackVerdict, Capabilities, ProviderCallback } from '../../src/account-providers/account-provider.ts'
import { type TransferId, uuidv7 } from '../../src/domain/ids.ts'

/** What the suite reads of an outcome, whoever's it is. */
export type SubjectOutcome = {
  readonly kind: 'done' | 'pending' | 'refused' | 'unknown' | 'not_found'
  readonly partnerReference?: string
}

/** A provider under test: one way to move KES 50 there, and to ask for it. */
export type Subject = {
  readonly capabilities: Pick<Capabilities, 'queryByReference' | 'resend' | 'callbacks'>
  pay(reference: TransferId): Promise<SubjectOutcome>
  /** The same once more, as a network may deliver it. */
  payAgain(reference: TransferId): Promise<SubjectOutcome>
  query(reference: TransferId, partnerReference?: string): Promise<SubjectOutcome>
  /** How often money moved there under it. */
  moved(reference: TransferId): Promise<number>
  /** Across a network; null for a provider that settles inside our own transaction. */
  readonly remote: {
    /** The same provider, asked by somebody with little time. */
    readonly hurried: Pick<Subject, 'pay' | 'query'> & { readonly timeoutMs: number }
    trouble(trouble: GsmaTrouble): void
    /** What it called back with; resolves once nothing is on its way. */
    callbacks(reference: TransferId): Promise<readonly ProviderCallback[]>
    judge(callback: ProviderCallback, reference: TransferId): CallbackVerdict
  } | null
  /** Makes the next payment one that is refused; it is undone after each test. */
  refuseNext(): void
  close(): Promise<void>
}

/** A network's slack on a busy machine; what waits for ever fails all the same. */
const SLACK_MS = 3_000

/** Registers the tests that every provider must pass, and those of one across a network. */
export function conformance(name: string, reach: 'own' | 'remote', open: () => Promise<Subject>): void {
  describe(name, () => {
    let subject: Subject
    beforeAll(async () => {
      subject = await open()
    })
    afterEach(() => subject.remote?.trouble({}))
    afterAll(() => subject?.close())

    const fresh = (): TransferId => uuidv7() as TransferId
    /** Asked as settlement asks: with what the provider named it, until nothing is pending. */
    async function end(reference: TransferId, first: SubjectOutcome): Promise<SubjectOutcome> {
      return first.kind === 'pending' ? subject.query(reference, first.partnerReference) : first
    }

    test('a reference never used is not found, or not known where that cannot be said', async () => {
      const { queryByReference } = subject.capabilities
      expect(await subject.query(fresh())).toMatchObject({ kind: queryByReference ? 'not_found' : 'unknown' })
    })

    test('the same reference twice moves money once, and both times the answer is true', async () => {
      const reference = fresh()
      const first = await subject.pay(reference)
      expect(await end(reference, first)).toMatchObject({ kind: 'done' })
      const again = await subject.payAgain(reference)
      expect(subject.capabilities.resend === 'same-answer' ? ['done'] : ['pending', 'unknown']).toContain(again.kind)
      expect(await subject.query(reference, first.partnerReference)).toMatchObject({ kind: 'done' })
      expect(await subject.moved(reference)).toBe(1)
    })

    test('a refusal is definite, and asked again it stays one', async () => {
      subject.refuseNext()
      const reference = fresh()
      const first = await subject.pay(reference)
      expect(await end(reference, first)).toMatchObject({ kind: 'refused' })
      expect((await subject.query(reference, first.partnerReference)).kind).toMatch(/refused|not_found|unknown/)
      expect(await subject.moved(reference)).toBe(0)
    })

    if (reach === 'own') return
    const across = (): NonNullable<Subject['remote']> => {
      if (subject.remote === null) throw new Error(`${name} is not across a network`)
      return subject.remote
    }

    test.each<[string, GsmaTrouble, number]>([
      ['does its work and says nothing', { silent: true }, 1],
      ['does its work and answers 503', { status5xxAfterSuccess: true }, 1],
      ['does its work and answers with what cannot be read', { garbage: true }, 1],
      ['is too late', { delayMs: 900 }, 1],
      ['breaks the connection', { unreachable: true }, 0],
    ])('one that %s is unknown within its deadline, never refused', async (_how, trouble, moved) => {
      const remote = across()
      remote.trouble(trouble)
      const reference = fresh()
      const startedAt = Date.now()
      expect(await remote.hurried.pay(reference)).toMatchObject({ kind: 'unknown' })
      expect((await remote.hurried.query(reference)).kind).not.toMatch(/refused|not_found/)
      expect(Date.now() - startedAt).toBeLessThan(2 * remote.hurried.timeoutMs + SLACK_MS)
      remote.trouble({})
      const later = await subject.query(reference)
      expect(later.kind).toBe(moved === 1 ? (subject.capabilities.queryByReference ? 'done' : later.kind) : absent())
      expect(later.kind).not.toBe('refused')
      expect(await subject.moved(reference)).toBe(moved)
    })

    function absent(): string {
      return subject.capabilities.queryByReference ? 'not_found' : 'unknown'
    }

    test('a chain of answers has one deadline, not one for each', async () => {
      const remote = across()
      const reference = fresh()
      const first = await subject.pay(reference)
      remote.trouble({ delayMs: remote.hurried.timeoutMs * 0.7 })
      expect(await remote.hurried.query(reference, first.partnerReference)).toEqual({
        kind: 'unknown',
        cause: 'timeout',
      })
    })

    test.each<[string, GsmaTrouble]>([
      ['another amount', { wrongAmount: true }],
      ['another reference and other parties', { wrongParty: true }],
    ])('an answer about %s is unknown', async (_what, trouble) => {
      const remote = across()
      remote.trouble(trouble)
      const reference = fresh()
      expect(await end(reference, await subject.pay(reference))).toMatchObject({ kind: 'unknown' })
      remote.trouble({})
    })

    test('what is pending is asked for, and done when the provider has decided', async () => {
      const remote = across()
      remote.trouble({ pending: true })
      const reference = fresh()
      const first = await subject.pay(reference)
      expect(first).toMatchObject({ kind: 'pending', partnerReference: expect.any(String) })
      expect(await subject.query(reference, first.partnerReference)).toMatchObject({ kind: 'pending' })
      expect(await subject.moved(reference)).toBe(0)
      remote.trouble({})
      expect(await subject.query(reference, first.partnerReference)).toMatchObject({ kind: 'done' })
      expect(await subject.moved(reference)).toBe(1)
    })

    test('what it once said it had is never not found', async () => {
      const remote = across()
      remote.trouble({ pending: true })
      const reference = fresh()
      const first = await subject.pay(reference)
      remote.trouble({ hidden: true })
      expect(await subject.query(reference, first.partnerReference)).toMatchObject({ kind: 'unknown' })
    })

    test('a callback is a hint where it fits and a mismatch where anything differs', async () => {
      const remote = across()
      const called = async (trouble: GsmaTrouble): Promise<CallbackVerdict[]> => {
        remote.trouble(trouble)
        const reference = fresh()
        await subject.pay(reference)
        const callbacks = await remote.callbacks(reference)
        remote.trouble({})
        return callbacks.map((callback) => remote.judge(callback, reference))
      }
      if (subject.capabilities.callbacks === 'none') return expect(await called({})).toEqual([])
      expect(await called({})).toEqual([{ kind: 'hint', says: 'done' }])
      expect(await called({ callbacks: 3 })).toEqual(Array(3).fill({ kind: 'hint', says: 'done' }))
      expect(await called({ refuse: true })).toEqual([{ kind: 'hint', says: 'refused' }])
      expect(await called({ wrongAmount: true })).toEqual([{ kind: 'mismatch', what: 'content' }])
      expect(await called({ wrongParty: true })).toEqual([{ kind: 'mismatch', what: 'content' }])
      expect(await called({ wrongCorrelation: true })).toEqual([{ kind: 'mismatch', what: 'correlation' }])
    })
  })
}
