import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type AddressList, callerAddress } from '../domain/addresses.ts'
import { type MarkSeen, SIGNATURE_HEADER, TIMESTAMP_HEADER, verifyRequest } from '../security/partner-signature.ts'
import type { PartnerTrust } from '../security/partner-trust.ts'
import type { RefusalReason, Refusals } from '../security/refusals.ts'
import { sameSecret } from '../security/same-secret.ts'
import { sendProblem } from './problem.ts'

/** What stands before partners' callbacks once the key in the path was right. A request that is refused has been answered. */
export type PartnerGate = {
  /** Somebody had a partner's path and not its key. */
  readonly wrongKey: (partner: string, request: IncomingMessage) => void
  /** Whether what it says may be taken: it is not stopped. Dialogues are ended by their conversation, in words. */
  readonly open: (partner: string, request: IncomingMessage, response: ServerResponse) => boolean
  /** Before the body is read: address and certificate. */
  readonly admit: (partner: string, request: IncomingMessage, response: ServerResponse) => boolean
  /** Once it is: the signature over it. `about`: the callback's name, or the reference. */
  readonly verify: (
    partner: string,
    about: string,
    request: IncomingMessage,
    body: Buffer,
    response: ServerResponse,
  ) => Promise<boolean>
}

export type GateDependencies = {
  readonly trust: ReadonlyMap<string, PartnerTrust>
  /** Whose word about a caller's address and certificate is taken. */
  readonly proxies: AddressList
  readonly markSeen: MarkSeen
  readonly isStopped: (partner: string) => boolean
  readonly refused: Refusals
  readonly now: () => number
}

/** RFC 9440: the caller's certificate as a proxy in front of us has verified it. */
const CERTIFICATE_HEADER = 'client-cert'

const ANSWERS: Readonly<Record<Exclude<RefusalReason, 'key'>, readonly [status: number, detail: string]>> = {
  address: [403, 'this address may not call here'],
  certificate: [403, 'a client certificate that is known here must be shown'],
  unsigned: [401, `sign the request: ${TIMESTAMP_HEADER} and ${SIGNATURE_HEADER}`],
  forged: [401, 'the signature is wrong'],
  stale: [401, 'the timestamp is more than five minutes from now'],
  replayed: [401, 'this signature was used before; sign every request anew'],
  unsure: [503, 'not taken; please sign it anew and send it again'],
  stopped: [503, 'not taken; please send it again later'],
}

export function makePartnerGate({ trust, proxies, markSeen, isStopped, refused, now }: GateDependencies): PartnerGate {
  function refuse(
    partner: string,
    reason: Exclude<RefusalReason, 'key'>,
    request: IncomingMessage,
    response: ServerResponse,
  ): false {
    refused({ partner, reason, address: callerOf(request) })
    const [status, detail] = ANSWERS[reason]
    // Nobody reads what else the caller sends.
    response.setHeader('Connection', 'close')
    sendProblem(response, status, detail)
    return false
  }

  function callerOf(request: IncomingMessage): string | null {
    return callerAddress(request.socket.remoteAddress ?? '', headerOf(request, 'x-forwarded-for'), proxies)
  }

  /** Only a proxy of ours has verified what it hands on; anybody else can write a header. */
  function hasCertificate(request: IncomingMessage, known: readonly string[]): boolean {
    const encoded = /^:([A-Za-z0-9+/=]{1,8000}):$/.exec(headerOf(request, CERTIFICATE_HEADER))?.[1]
    if (encoded === undefined || !proxies.has(request.socket.remoteAddress ?? '')) return false
    const shown = createHash('sha256').update(Buffer.from(encoded, 'base64')).digest('hex')
    return known.some((each) => sameSecret(each, shown))
  }

  return {
    wrongKey: (partner, request) => refused({ partner, reason: 'key', address: callerOf(request) }),
    open: (partner, request, response) => !isStopped(partner) || refuse(partner, 'stopped', request, response),
    admit(partner, request, response) {
      const { addresses = null, certificates = null } = trust.get(partner) ?? {}
      if (addresses !== null && !addresses.has(callerOf(request) ?? ''))
        return refuse(partner, 'address', request, response)
      if (certificates !== null && !hasCertificate(request, certificates))
        return refuse(partner, 'certificate', request, response)
      return true
    },
    async verify(partner, about, request, body, response) {
      const key = trust.get(partner)?.signatureKey ?? null
      if (key === null) return true
      const [timestamp, signature] = [headerOf(request, TIMESTAMP_HEADER), headerOf(request, SIGNATURE_HEADER)]
      const signed = { timestamp, signature, about, body }
      const verdict = await verifyRequest({ key, partner, nowMs: now(), markSeen }, signed)
      return verdict === 'sound' || refuse(partner, verdict, request, response)
    },
  }
}

/** One header's value; several of a name are joined by commas, as the sender could have done. */
function headerOf(request: IncomingMessage, name: string): string {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(',') : (value ?? '')
}
