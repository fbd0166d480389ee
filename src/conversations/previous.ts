import type { Services } from '../actions/action.ts'
import { type ShownTransfer, shownTransfer } from '../ledger/shown-transfer.ts'
import type { RunEffect, Step } from '../menu/event.ts'
import type { LastTransfer } from '../menu/last-transfer.ts'
import type { Program } from '../menu/program.ts'
import { topFrame } from '../menu/session.ts'
import { OWN_NAMES } from '../sms/receipts.ts'
import type { Subscriber } from '../subscribers/find.ts'
import { deedsOf } from './hops.ts'
import type { Programs } from './programs.ts'
import type { Sessions, UssdSession } from './sessions.ts'

/** What the session that a subscriber began last means for a new dial. */
export type Previous =
  | { readonly kind: 'none' }
  /** It was dropped at a screen where it can go on. */
  | { readonly kind: 'dropped'; readonly session: UssdSession; readonly program: Program }
  /** It confirmed a transfer. */
  | { readonly kind: 'transferred'; readonly last: LastTransfer }

export type PreviousDependencies = {
  readonly services: Pick<Services, 'database' | 'sealer' | 'billers' | 'messages'>
  readonly sessions: Sessions
  readonly programs: Programs
}

/** Longer ago than this, a transfer is news no more. */
const NEWS_MS = 10 * 60_000

/**
 * Looks at the session stored under `name`. It can go on only where it was dropped before anything was done behind a PIN, a code or an
 * answer, since who dials again has not proved anything; PostgreSQL is asked whether a hop that Redis does not know of has acted.
 */
export async function readPrevious(
  { services, sessions, programs }: PreviousDependencies,
  name: string,
  subscriber: Subscriber,
  atMs: number,
): Promise<Previous> {
  const session = (await sessions.read(name))?.session
  if (session === undefined || session.callerId !== subscriber.id) return { kind: 'none' }
  const ageMs = atMs - session.atMs
  const { language } = subscriber
  if (session.past === 'write') return ageMs <= NEWS_MS ? transferredIn(services, session, language) : { kind: 'none' }
  if (session.past !== 'open' || session.reply.end || !hasProgress(session)) return { kind: 'none' }
  if (session.menu.facts.status !== subscriber.status) return { kind: 'none' }
  const program = await programs.find(session.program)
  if (!program?.resume || ageMs > program.resume.withinMs) return { kind: 'none' }
  const { transfer, mayAct } = await deedsOf(services.database, session.id)
  if (transfer !== null) return transferredIn(services, session, language)
  return mayAct ? { kind: 'none' } : { kind: 'dropped', session, program }
}

/** Whether anything was answered that one would have to answer again. */
function hasProgress({ menu }: UssdSession): boolean {
  return (menu.state === 'shown' || menu.state === 'offered') && (menu.history.length > 0 || menu.away)
}

async function transferredIn(
  services: PreviousDependencies['services'],
  { id }: UssdSession,
  language: string,
): Promise<Previous> {
  const shown = await shownTransfer(services.database, services.sealer, id)
  if (shown === null) return { kind: 'none' }
  const { state, amount, reference, payee } = shown
  const name = nameOf(services, payee, language)
  const values = { amount: String(amount), name, reference }
  switch (state) {
    case 'SETTLED':
      return { kind: 'transferred', last: { outcome: payee.kind === 'biller' ? 'paid' : 'sent', values } }
    case 'REJECTED':
      return { kind: 'transferred', last: { outcome: 'refused', values } }
    case 'REVERSED':
      return { kind: 'none' }
    default:
      return { kind: 'transferred', last: { outcome: 'processing', values } }
  }
}

function nameOf(
  { billers, messages }: PreviousDependencies['services'],
  payee: ShownTransfer['payee'],
  language: string,
): string {
  switch (payee.kind) {
    case 'biller':
      return billers.get(payee.id)?.name ?? payee.id
    case 'own':
      return messages().render(OWN_NAMES[payee.into], language, {})
    case 'subscriber':
      return payee.name
  }
}

/**
 * What a session has behind it after an action: one behind a confirmation counts once the dialogue has gone on from there, or where
 * nobody knows whether it wrote.
 */
export function pastOf(
  past: UssdSession['past'],
  { effect, secret, screen }: RunEffect,
  outcome: string,
  next: Step,
): UssdSession['past'] {
  if (past === 'write' || (effect !== 'write' && secret === null)) return past
  const mayHaveWritten = effect === 'write' && (outcome === 'late' || outcome === 'failed')
  const stays = next.kind === 'reply' && !next.reply.end && topFrame(next.session).at === screen
  return stays && !mayHaveWritten ? past : effect === 'write' ? 'write' : 'secret'
}
