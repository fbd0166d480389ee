import { randomBytes } from 'node:crypto'
import type { Inspection } from '../../src/conversations/inspect.ts'
import type { Call, EndStatus } from './call.ts'
import { answerCall, parseDialled, placeCall, readReply } from './call.ts'
import type { Carrier } from './carrier.ts'
import type { Display } from './display.ts'
import type { ReceivedSms } from './inbox.ts'
import { inspectSession } from './inspector.ts'
import { commandHelp } from './options.ts'
import type { Recorder } from './recorder.ts'

/** One phone: it dials, answers, hangs up and receives; everything it shows goes to its display, everything it does to its recorder. */
export type Phone = {
  /** False when the gateway could not be reached. */
  dial(dialled: string): Promise<boolean>
  /** Takes a typed line: an answer, a code to dial, or a command. False when the phone is to be put away. */
  enter(line: string): Promise<boolean>
  receive(message: ReceivedSms): void
  /** A screen that the gateway began. */
  pushed(text: string, end: boolean): void
  /** Ends an open session, as putting a phone away does. */
  close(): Promise<void>
  /** How many callbacks were answered by something that is no screen. */
  faults(): number
}

type Session = { call: Call; hops: number; lastBody: string; open: boolean }

/** Longest that `:sms` waits. */
const SMS_PATIENCE_MS = 10_000
/** A network ends a session when a menu was left unanswered for about so long. */
const IDLE_MS = 30_000

export function makePhone(
  gateway: { readonly carrier: Carrier; readonly operatorUrl: string },
  phone: { phoneNumber: string; dialled: string; serviceCode: string | undefined },
  display: Display,
  recorder: Recorder,
): Phone {
  const { carrier } = gateway
  let session: Session | null = null
  let lastDialled = phone.dialled
  let faults = 0
  let inspecting = false
  let awaitedSms = 0
  let receivedSms = 0
  let wake: () => void = () => {}

  async function dial(dialled: string): Promise<boolean> {
    const parts = parseDialled(dialled, phone.serviceCode)
    if (parts === null) {
      display.note(`"${dialled}" cannot be dialled. Dial *384#, or *384*1# for a shortcut.`)
      return true
    }
    await end('Incomplete', 'You hung up.')
    lastDialled = dialled
    const sessionId = `ATUid_${randomBytes(16).toString('hex')}`
    const call = placeCall({ ...parts, sessionId, phoneNumber: phone.phoneNumber, startedAtMs: Date.now() })
    session = { call, hops: 0, lastBody: '', open: true }
    recorder.dialled(dialled)
    return post(session)
  }

  async function answer(current: Session, input: string): Promise<void> {
    current.call = answerCall(current.call, input)
    recorder.answered(input)
    await post(current)
  }

  async function post(current: Session): Promise<boolean> {
    const posted = await carrier.hop(current.call)
    if (posted.kind === 'unreachable') {
      faults += 1
      current.open = false
      display.fault(unreachableWords(carrier.url, posted.cause))
      return false
    }
    if (posted.kind === 'late') {
      fail(current, `No answer within ${posted.afterMs / 1000} s.`)
      return true
    }
    current.hops += 1
    current.lastBody = posted.body
    const reply = readReply(posted.status, posted.body)
    if (reply.kind === 'fault') {
      fail(current, reply.reason)
      await notify(current, 'Failed', 0, reply.reason)
      return true
    }
    const { serviceCode, sessionId } = current.call
    const inspected = inspecting ? await inspect(sessionId) : null
    display.screen({ text: reply.text, end: reply.end, serviceCode, sessionId, inspected })
    recorder.screen(reply.text, reply.end)
    if (reply.end) await end('Success', 'The session has ended.')
    return true
  }

  function fail(current: Session, reason: string): void {
    faults += 1
    current.open = false
    display.fault(reason)
    display.ended('Failed', 'The network ended the session.')
  }

  async function end(status: EndStatus, words: string, idleMs = 0): Promise<void> {
    if (session === null || !session.open) return
    session.open = false
    if (status === 'Incomplete') recorder.hungUp()
    await notify(session, status, idleMs)
    display.ended(status, words)
  }

  /** The network tells the gateway that a session is over; nobody waits for more than the answer to that. */
  async function notify(current: Session, status: EndStatus, idleMs: number, errorMessage?: string): Promise<void> {
    const { call, hops, lastBody } = current
    const posted = await carrier.end(call, {
      status,
      idle: idleMs > 0,
      atMs: Date.now() + idleMs,
      hops,
      lastBody,
      ...(errorMessage === undefined ? {} : { errorMessage }),
    })
    if (status === 'Failed' || (posted.kind === 'answer' && posted.status === 200)) return
    display.note(
      `The end-of-session notification was not taken: ${posted.kind === 'answer' ? `HTTP ${posted.status}` : posted.kind}.`,
    )
  }

  async function repeat(): Promise<void> {
    if (session === null) return display.note('Nothing was sent yet.')
    const before = session.lastBody
    const posted = await carrier.repeat(session.call)
    if (posted.kind !== 'answer') return display.fault(unreachableWords(carrier.url, posted.kind))
    recorder.repeated()
    display.repeated({ same: posted.body === before, body: posted.body, before })
  }

  /** Null, with a sentence, where the gateway does not tell. */
  async function inspect(sessionId: string): Promise<Inspection | null> {
    const inspection = await inspectSession(gateway.operatorUrl, sessionId)
    if (inspection.kind === 'inspected') return inspection.inspected
    inspecting = false
    display.note(inspection.sentence)
    return null
  }

  async function toggleInspector(): Promise<void> {
    inspecting = !inspecting
    if (!inspecting) return display.note('No longer inspecting.')
    if (session === null) return display.note('Inspecting from the next dial on.')
    const inspected = await inspect(session.call.sessionId)
    if (inspected !== null) display.inspected(inspected)
  }

  async function waitForSms(): Promise<void> {
    awaitedSms += 1
    if (receivedSms >= awaitedSms) return
    const arrived = await new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => resolve(false), SMS_PATIENCE_MS)
      wake = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
    if (arrived) return
    awaitedSms -= 1
    display.note(`No SMS within ${SMS_PATIENCE_MS / 1000} s.`)
  }

  async function command(line: string): Promise<boolean> {
    const [name = '', argument = ''] = line.split(/\s+/, 2)
    if (name === ':quit' || name === ':q') return false
    if (name === ':hangup') await whenOpen(() => end('Incomplete', 'You hung up.'))
    else if (name === ':timeout')
      await whenOpen(() => end('Incomplete', 'No answer: the network ended the session.', IDLE_MS))
    else if (name === ':twice') await repeat()
    else if (name === ':dial') await dial(argument === '' ? lastDialled : argument)
    else if (name === ':inspect') await toggleInspector()
    else if (name === ':sms') await waitForSms()
    else if (name === ':help') display.note(commandHelp())
    else display.note(`${name} is no command of this phone. :help lists them.`)
    return true
  }

  async function whenOpen(work: () => Promise<void>): Promise<void> {
    if (session?.open === true) await work()
    else display.note(noSession())
  }

  function noSession(): string {
    return `There is no session. Enter dials ${lastDialled}, :help shows what else there is.`
  }

  return {
    dial,
    enter: async (line) => {
      const text = line.trim()
      if (text.startsWith(':')) return command(text)
      if (session?.open === true) {
        if (text === '') display.note('Type an answer, or :hangup.')
        else await answer(session, text)
      } else if (text === '' || text.startsWith('*')) await dial(text === '' ? lastDialled : text)
      else display.note(noSession())
      return true
    },
    receive: (message) => {
      receivedSms += 1
      recorder.sms(message)
      display.sms(message)
      wake()
    },
    pushed: (text, isLast) => {
      const serviceCode = parseDialled(phone.dialled, phone.serviceCode)?.serviceCode ?? phone.dialled
      const sessionId = `push_${randomBytes(16).toString('hex')}`
      const call = placeCall({
        serviceCode,
        tail: '',
        sessionId,
        phoneNumber: phone.phoneNumber,
        startedAtMs: Date.now(),
      })
      session = { call, hops: 1, lastBody: `${isLast ? 'END' : 'CON'} ${text}`, open: !isLast }
      display.note('  The network opens a dialogue.')
      display.screen({ text, end: isLast, serviceCode, sessionId, inspected: null })
      recorder.screen(text, isLast)
    },
    close: () => end('Incomplete', 'You hung up.'),
    faults: () => faults,
  }
}

function unreachableWords(url: string, cause: string): string {
  return `No gateway answers at ${url} (${cause}). Start one with: npm run demo`
}
