import { makeFakeAfricasTalking } from './network/africastalking.ts'
import type { FakeAirtime } from './network/airtime.ts'
import { type Behaviour, ordinaryBehaviour } from './network/behaviour.ts'
import { startHttpSide } from './network/http.ts'
import { type Load, makeLoad } from './network/load.ts'
import { makePhones, type PhoneMessage } from './network/phones.ts'
import { type Smsc, startSmsc } from './network/smsc.ts'
import type { AccountStats } from './network/stats.ts'
import { makeUssdCentre, type UssdCentre } from './network/ussd.ts'

export type FakeNetworkOptions = {
  /** 2775 unless given; 0 picks a free one. */
  readonly smppPort?: number
  /** 8081 unless given; 0 picks a free one. */
  readonly httpPort?: number
  readonly host?: string
  /** SMPP accounts: system_id to password; `demo`/`demo` unless given. */
  readonly accounts?: Readonly<Record<string, string>>
  /** Where delivery reports and incoming messages of the HTTP interface are posted: `http://127.0.0.1:8080/africastalking/demo`. */
  readonly africastalkingCallbackUrl?: string | null
  /** How the network does USSD over SMPP: `standard` unless given; scripts/fakes/network/ussd-octets.ts has them all. */
  readonly ussdDialect?: string
}

export type FakeNetwork = {
  readonly smppPort: number
  readonly httpPort: number
  readonly httpUrl: string
  /** What lies in a phone, oldest first; long messages in one piece. */
  messages(number: string): readonly PhoneMessage[]
  /** Resolves once a phone has so many messages; rejects when it does not in time. */
  waitForMessages(number: string, count: number, timeoutMs?: number): Promise<readonly PhoneMessage[]>
  /** A message from a phone over SMPP. False: nobody is bound to receive it. */
  send(from: string, to: string, text: string): boolean
  /** Phones that dial over SMPP. */
  readonly ussd: UssdCentre
  /** Sales of airtime. */
  readonly airtime: FakeAirtime
  /** Where Africa's Talking posts back from now on; for a gateway that starts later. */
  callBackTo(url: string): void
  behave(changes: Partial<Behaviour>): void
  /** Back to ordinary behaviour. */
  calm(): void
  /** By SMPP account. */
  stats(): Record<string, AccountStats>
  readonly load: Load
  links(): { systemId: string; bind: string }[]
  /** SMPP submits taken since the start. */
  taken(): number
  dropLinks(): void
  unbindLinks(): void
  sendOctets(octets: Buffer): void
  close(): Promise<void>
}

const WAIT_MS = 5_000

/** A mobile network for demo and tests: SMPP message centre, Africa's Talking's HTTP interface and everybody's phones, in one. */
export async function startFakeNetwork(options: FakeNetworkOptions = {}): Promise<FakeNetwork> {
  const host = options.host ?? '127.0.0.1'
  const behaviour: Behaviour = { ...ordinaryBehaviour }
  const phones = makePhones()
  const accounts = options.accounts ?? { demo: 'demo' }
  const ussd: UssdCentre = makeUssdCentre({
    dialect: options.ussdDialect ?? 'standard',
    serviceAddress: '384',
    deliver: (command, fields) => smsc.ask(command, fields),
  })
  const smsc: Smsc = await startSmsc({ host, port: options.smppPort ?? 2775, accounts }, behaviour, phones, ussd.take)
  const africastalking = makeFakeAfricasTalking(options.africastalkingCallbackUrl ?? null, behaviour, phones)
  function behave(changes: Partial<Behaviour>): void {
    Object.assign(behaviour, changes)
    smsc.applyFreeze()
  }
  const load = makeLoad({ sms: smsc.send, ussd }, () => behaviour.seed)
  const parts = { phones, ussd, africastalking, smsc, load, behaviour: () => behaviour, behave }
  const http = await startHttpSide({ host, port: options.httpPort ?? 8081 }, parts).catch(async (error: unknown) => {
    await smsc.close()
    throw error
  })
  return {
    smppPort: smsc.port,
    httpPort: http.port,
    httpUrl: `http://${host}:${http.port}`,
    messages: phones.messages,
    async waitForMessages(number, count, timeoutMs = WAIT_MS) {
      const untilMs = Date.now() + timeoutMs
      while (phones.messages(number).length < count) {
        if (Date.now() > untilMs)
          throw new Error(`${phones.messages(number).length} of ${count} messages came in ${timeoutMs} ms.`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
      return phones.messages(number)
    },
    send: smsc.send,
    ussd,
    airtime: africastalking.airtime,
    callBackTo: africastalking.callBackTo,
    behave,
    calm: () => behave(ordinaryBehaviour),
    stats: smsc.stats,
    load,
    links: smsc.links,
    taken: smsc.taken,
    dropLinks: smsc.dropLinks,
    unbindLinks: smsc.unbindLinks,
    sendOctets: smsc.sendOctets,
    async close() {
      load.stop()
      africastalking.close()
      await Promise.all([smsc.close(), http.close()])
    },
  }
}
