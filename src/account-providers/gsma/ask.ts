import { z } from 'zod'
import type { MoveOutcome, QueryOutcome } from '../account-provider.ts'
import { meaningOf, readError } from './errors.ts'
import { type Answer, get } from './http.ts'
import type { GsmaSettings } from './settings.ts'

/** What was asked for, as far as its answers must be read alike: payments, reversals and bill payments. */
export type Subject = {
  readonly correlationId: string
  /** What a resource says about it; `unknown` where it is about something else. */
  readonly read: (resource: unknown) => MoveOutcome
  /** Where the resource stands that a request state names. */
  readonly pathOf: (objectReference: string) => string
  /** How what stands there is read, where that is not about it alone. */
  readonly readListed?: (resource: unknown) => MoveOutcome
  /** A path from an earlier answer `pending`. */
  readonly partnerReference?: string
}

const REQUEST_STATES = '/requeststates/'

/** Schema `requestStateObject`. */
const requestState = z.object({
  serverCorrelationId: z.uuid(),
  status: z.enum(['pending', 'completed', 'failed']),
  objectReference: z.string().max(256).optional(),
})

const link = z.object({ link: z.string().min(1).max(256) })

/** What the answer to the one request that asked for it means. 5xx, silence and what cannot be read hide a success now and then. */
export function sent(answer: Answer, subject: Subject): MoveOutcome {
  if (answer.status === null) return { kind: 'unknown', cause: answer.cause }
  if (answer.status === 202) return accepted(answer.body)
  if (answer.status === 200 || answer.status === 201) return subject.read(answer.body)
  const error = answer.status >= 400 && answer.status < 500 ? readError(answer.body) : null
  if (error === null) return { kind: 'unknown', cause: `http ${answer.status}` }
  switch (meaningOf(error)) {
    case 'refused':
      return { kind: 'refused', reason: error.code }
    case 'received':
      return { kind: 'pending' }
    case 'unclear':
      return { kind: 'unknown', cause: error.code }
  }
}

/** Asks what became of it: by the request state where there is one, else by our own correlation id (missing response). */
export async function ask(settings: GsmaSettings, subject: Subject, deadline: AbortSignal): Promise<QueryOutcome> {
  const known = subject.partnerReference
  if (known !== undefined) {
    const outcome = await follow(settings, known, subject, deadline)
    if (outcome.kind !== 'not_found') return outcome
  }
  const answer = await get(settings, `/responses/${subject.correlationId}`, deadline)
  const named = answer.status === 200 ? link.safeParse(answer.body) : null
  if (named?.success === true) {
    const path = pathOf(settings, named.data.link)
    if (path === null) return { kind: 'unknown', cause: 'a link to elsewhere' }
    const outcome = await follow(settings, path, subject, deadline)
    return outcome.kind === 'not_found' ? { kind: 'unknown', cause: 'a link to nothing' } : outcome
  }
  if (!isAbsence(answer)) return { kind: 'unknown', cause: causeOf(answer) }
  // With polling a request that is under way has no response yet, and what was received once cannot be unreceived.
  if (settings.flow === 'polling' || known !== undefined) return { kind: 'unknown', cause: 'no response on record' }
  return { kind: 'not_found' }
}

/** What an error object says as the end of a request: with a callback, in a request state, or behind a link. */
export function ended(body: unknown): MoveOutcome {
  const error = readError(body)
  if (error === null) return { kind: 'unknown', cause: 'failed without an error' }
  return meaningOf(error) === 'refused'
    ? { kind: 'refused', reason: error.code }
    : { kind: 'unknown', cause: error.code }
}

function accepted(body: unknown): MoveOutcome {
  const state = requestState.safeParse(body)
  if (!state.success) return { kind: 'unknown', cause: 'http 202' }
  if (state.data.status === 'failed') return ended(body)
  return { kind: 'pending', partnerReference: REQUEST_STATES + state.data.serverCorrelationId }
}

async function follow(
  settings: GsmaSettings,
  path: string,
  subject: Subject,
  deadline: AbortSignal,
): Promise<QueryOutcome> {
  const answer = await get(settings, path, deadline)
  if (isAbsence(answer)) return { kind: 'not_found' }
  if (answer.status !== 200) return { kind: 'unknown', cause: causeOf(answer) }
  if (!path.startsWith(REQUEST_STATES)) {
    return readError(answer.body) === null ? subject.read(answer.body) : ended(answer.body)
  }
  const state = requestState.safeParse(answer.body)
  if (!state.success) return { kind: 'unknown', cause: 'unreadable request state' }
  const { status, objectReference } = state.data
  if (status === 'pending') return { kind: 'pending', partnerReference: path }
  if (status === 'failed') return ended(answer.body)
  if (objectReference === undefined || objectReference === '') {
    return { kind: 'unknown', cause: 'completed without a resource' }
  }
  const resource = await get(settings, subject.pathOf(objectReference), deadline)
  return resource.status === 200
    ? (subject.readListed ?? subject.read)(resource.body)
    : { kind: 'unknown', cause: causeOf(resource) }
}

/** 404 with an error object; every proxy on the way can say 404. */
function isAbsence(answer: Answer): boolean {
  return answer.status === 404 && readError(answer.body)?.category === 'identification'
}

function causeOf(answer: Answer): string {
  return answer.status === null ? answer.cause : `http ${answer.status}`
}

/** The path below our base URL of a link, which may be a URL or a path from the root or from the base; null for anywhere else. */
function pathOf({ baseUrl }: GsmaSettings, to: string): string | null {
  const base = new URL(baseUrl)
  const below = to.startsWith('/') && !to.startsWith(`${base.pathname}/`) ? baseUrl + to : to
  const url = URL.canParse(below, `${baseUrl}/`) ? new URL(below, `${baseUrl}/`) : null
  const root = base.pathname.replace(/\/$/, '')
  if (url === null || url.origin !== base.origin || !url.pathname.startsWith(`${root}/`)) return null
  return url.pathname.slice(root.length) + url.search
}
