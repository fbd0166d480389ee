import { afterEach, expect, test } from 'vitest'
import { followPushes, overSmpp } from '../../../scripts/dial/carrier.ts'
import { makeJsonDisplay } from '../../../scripts/dial/display.ts'
import { makePhone, type Phone } from '../../../scripts/dial/phone.ts'
import { makeRecorder } from '../../../scripts/dial/recorder.ts'
import { type FakeNetwork, startFakeNetwork } from '../../../scripts/fakes/network.ts'
import type { UssdEnd } from '../../../src/aggregators/aggregator.ts'
import { ussdDialects } from '../../../src/aggregators/smpp/ussd/dialects.ts'
import { makeUssdDialogues } from '../../../src/aggregators/smpp/ussd/dialogues.ts'
import type { UssdPush } from '../../../src/aggregators/ussd-push.ts'
import type { Msisdn } from '../../../src/domain/msisdn.ts'
import { until } from '../../aggregators/smpp/support.ts'
import { ussdLinkTo } from '../../aggregators/smpp/ussd/support.ts'

const AMINA = '+254700000001'
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Shown = Readonly<Record<string, unknown>>

/** A phone on the fake network, and behind its link a service that repeats what it hears and ends at 9. */
async function phone(): Promise<{
  phone: Phone
  shown: Shown[]
  ended: UssdEnd[]
  push: UssdPush
  network: FakeNetwork
}> {
  const network = await startFakeNetwork({ smppPort: 0, httpPort: 0 })
  const dialect = ussdDialects.get('standard')
  if (dialect === undefined) throw new Error('the standard dialect is gone')
  const ended: UssdEnd[] = []
  const ignore = (): void => undefined
  const dialogues = makeUssdDialogues({
    conversation: {
      converse: async ({ text, single }) => ({
        reply: { text: `${single?.kind} ${text.reveal()}`, end: text.reveal() === '9' },
        outcome: 'answered',
      }),
      end: async (end) => void ended.push(end),
      doubt: async () => undefined,
    },
    serviceCodes: ['*384#'],
    events: { ussdSubmitted: ignore, callbackRefused: ignore, sessionEnded: ignore, hopFailed: ignore },
  })
  const link = ussdLinkTo(network.smppPort, dialect, dialogues)
  const stopped = new AbortController()
  closers.push(
    () => network.close(),
    () => link.close(),
    () => dialogues.close(),
    () => stopped.abort(),
  )
  await until(() => link.isUp(), 'the link')
  const shown: Shown[] = []
  const display = makeJsonDisplay((line) => shown.push(JSON.parse(line)), ignore)
  const recorder = makeRecorder({ phoneNumber: AMINA, description: '', owner: null })
  const place = { carrier: overSmpp(network.httpUrl), operatorUrl: network.httpUrl }
  const made = makePhone(place, { phoneNumber: AMINA, dialled: '*384#', serviceCode: undefined }, display, recorder)
  void followPushes(network.httpUrl, AMINA, made.pushed, stopped.signal)
  return { phone: made, shown, ended, push: dialogues.pushOver([{ dialect, link }]), network }
}

test('a phone dials over SMPP, answers, and sees the end', async () => {
  const { phone: mine, shown } = await phone()
  expect(await mine.dial('*384*1*5#')).toBe(true)
  await mine.enter('7')
  await mine.enter('9')
  expect(shown.map(({ type, text, status }) => text ?? `${String(type)} ${String(status)}`)).toEqual([
    'begin 1*5',
    'answer 7',
    'answer 9',
    'end Success',
  ])
})

test('it hangs up, and the gateway is told; it falls silent, and the gateway is not', async () => {
  const { phone: mine, ended } = await phone()
  await mine.dial('*384#')
  await mine.enter(':timeout')
  expect(ended).toEqual([])
  await mine.dial('*384#')
  // The phone's new session has another name.
  await until(() => ended.length === 1, 'the old one')
  await mine.enter(':hangup')
  expect(ended).toMatchObject([{ status: 'dropped' }, { status: 'dropped' }])
})

test('it has the network send its last input again', async () => {
  const { phone: mine, shown } = await phone()
  await mine.dial('*384#')
  await mine.enter(':twice')
  expect(shown.at(-1)).toMatchObject({ type: 'repeat', same: true })
})

test('it shows a dialogue that the gateway begins, and answers it', async () => {
  const { phone: mine, shown, push } = await phone()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(await push(AMINA as Msisdn, ['1'])).toMatchObject({ kind: 'shown' })
  await until(() => shown.length === 1, 'the push')
  await mine.enter('9')
  expect(shown.map(({ text }) => text)).toEqual(['begin 1', 'answer 9', undefined])
})

test('a code that is not served is a connection problem', async () => {
  const { phone: mine, shown } = await phone()
  await mine.dial('*999#')
  expect(shown[0]).toMatchObject({ type: 'fault' })
  expect(mine.faults()).toBe(1)
})
