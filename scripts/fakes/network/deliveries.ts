import { type Pdu, STATUS } from '../../../src/aggregators/smpp/codec.ts'
import type { Connection } from '../../../src/aggregators/smpp/connection.ts'
import type { Tally } from './stats.ts'

/** A bound client. */
export type Link = {
  readonly connection: Connection
  readonly systemId: string
  readonly bind: string
  readonly tally: Tally
}

/** A deliver_sm on its way: to one account, or to whoever listens. */
export type Delivery = {
  readonly systemId: string | null
  readonly fields: Pdu['fields']
  /** The bind to use, or not to use, where there is a choice. */
  readonly prefer?: (link: Link) => boolean
}

export type Deliveries = {
  /** Hands it to a receiver, again and again until it is acknowledged; keeps it while nobody is bound. */
  send(delivery: Delivery): void
  /** Somebody has bound. */
  resume(): void
}

const ANSWER_TIMEOUT_MS = 10_000
/** A delivery that is not acknowledged comes again after that long, so many times. */
const REDELIVER_MS = 300
const REDELIVERIES = 40
const KEPT = 10_000

export function makeDeliveries(
  links: ReadonlySet<Link>,
  later: (delayMs: number, work: () => void) => unknown,
): Deliveries {
  const waiting: Delivery[] = []

  function deliver(delivery: Delivery, tries: number): void {
    const { systemId, fields, prefer } = delivery
    const able = [...links].filter(
      (link) => link.bind !== 'transmitter' && (systemId ?? link.systemId) === link.systemId,
    )
    const preferred = prefer === undefined ? [] : able.filter(prefer)
    const receivers = preferred.length > 0 ? preferred : able
    const receiver = receivers[tries % Math.max(1, receivers.length)]
    if (receiver === undefined) {
      waiting.push(delivery)
      waiting.splice(0, waiting.length - KEPT)
      return
    }
    const startMs = performance.now()
    receiver.tally.deliver()
    void receiver.connection.request('deliver_sm', fields, ANSWER_TIMEOUT_MS).then((answer) => {
      if (answer.kind === 'answered') receiver.tally.acknowledge(performance.now() - startMs)
      const done =
        answer.kind === 'answered' &&
        (answer.pdu.status === STATUS.ok || answer.pdu.status === STATUS.permanentAppError)
      if (!done && tries < REDELIVERIES) later(REDELIVER_MS, () => deliver(delivery, tries + 1))
    })
  }

  return {
    send: (delivery) => deliver(delivery, 0),
    resume() {
      for (const delivery of waiting.splice(0)) deliver(delivery, 0)
    },
  }
}
