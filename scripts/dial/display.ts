import type { Inspection } from '../../src/conversations/inspect.ts'
import type { EndStatus } from './call.ts'
import { measureScreen, showLength } from './counter.ts'
import { drawFrame, printable, SCREEN_COLUMNS } from './frame.ts'
import type { ReceivedSms } from './inbox.ts'
import { describeInspected } from './inspector.ts'

/** What a phone shows. `note` is the tool speaking, not the phone. */
export type Display = {
  /** `inspected`: what the gateway holds behind it, where that was asked for. */
  screen(screen: {
    text: string
    end: boolean
    serviceCode: string
    sessionId: string
    inspected: Inspection | null
  }): void
  inspected(inspected: Inspection): void
  sms(message: ReceivedSms): void
  ended(status: EndStatus, words: string): void
  repeated(outcome: { same: boolean; body: string; before: string }): void
  fault(reason: string): void
  note(words: string): void
}

export type Paint = (style: 'dim' | 'cyan' | 'red' | 'bold', text: string) => string

/** Columns of a phone with its margin, and the fewest beside it in which the inspector can be read. */
const PHONE_COLUMNS = SCREEN_COLUMNS + 8
const LEAST_BESIDE = 36

/** For a person: framed screens. `print` writes one or more lines; `columns` is the terminal's width now. */
export function makeFramedDisplay(print: (text: string) => void, paint: Paint, columns: () => number): Display {
  const frame = (
    style: 'bold' | 'cyan',
    text: string,
    footer: { left: string; right: string },
    inspected: Inspection | null = null,
  ): void => {
    const lines = drawFrame(text, footer)
    const room = columns() - PHONE_COLUMNS
    const isBeside = room >= LEAST_BESIDE
    const beside = inspected === null || !isBeside ? [] : describeInspected(inspected, room).map(printable)
    const rows = Array.from({ length: Math.max(lines.length, beside.length) }, (_, index) => {
      const [line, words] = [lines[index], beside[index]]
      const phone = line === undefined ? ' '.repeat(SCREEN_COLUMNS + 4) : styleRow(line, style, paint)
      return words === undefined ? `  ${phone}` : `  ${phone}  ${paint('cyan', words)}`
    })
    print(rows.join('\n'))
    if (inspected !== null && !isBeside) below(inspected)
  }
  const below = (inspected: Inspection): void => {
    const lines = describeInspected(inspected, Math.max(20, columns() - 4)).map(printable)
    print(lines.map((line) => paint('cyan', `    ${line}`)).join('\n'))
  }
  return {
    screen: ({ text, serviceCode, inspected }) => {
      const length = measureScreen(text)
      frame('bold', text, { left: serviceCode, right: showLength(length) }, inspected)
      if (!length.fits) print(paint('red', `  A network would cut this screen: ${showLength(length)}.`))
    },
    inspected: below,
    sms: ({ at, from, text }) => frame('cyan', text, { left: `SMS from ${printable(from)}`, right: clockOf(at) }),
    ended: (_, words) => print(paint('dim', `  ${words}`)),
    repeated: ({ same, body, before }) => {
      if (same) return print(paint('dim', `  Sent again: the same ${Buffer.byteLength(body)} bytes.`))
      print(paint('red', '  Sent again: OTHER bytes. Before, and now:'))
      frame('bold', before, { left: 'before', right: '' })
      frame('bold', body, { left: 'now', right: '' })
    },
    fault: (reason) => {
      frame('bold', 'Connection problem or invalid MMI code.', { left: '', right: '' })
      print(paint('red', `  ${printable(reason)}`))
    },
    note: (words) => print(paint('dim', words)),
  }
}

/** For a script: one JSON object a line on `print`; the tool's own words go to `complain`. */
export function makeJsonDisplay(print: (text: string) => void, complain: (text: string) => void): Display {
  const write = (type: string, fields: object): void => print(JSON.stringify({ type, ...fields }))
  return {
    screen: ({ text, end, serviceCode, sessionId, inspected }) => {
      const { encoding, units, limit } = measureScreen(text)
      write('screen', { text, end, encoding, units, limit, serviceCode, sessionId })
      if (inspected !== null) write('inspect', inspected)
    },
    inspected: (inspected) => write('inspect', inspected),
    sms: (message) => write('sms', message),
    ended: (status) => write('end', { status }),
    repeated: ({ same, body }) => write('repeat', { same, body }),
    fault: (reason) => write('fault', { reason }),
    note: complain,
  }
}

/** The border is dim, so that the words stand out. */
function styleRow(line: string, style: 'bold' | 'cyan', paint: Paint): string {
  if (!line.startsWith('│')) return paint('dim', line)
  return paint('dim', '│') + paint(style, line.slice(1, -1)) + paint('dim', '│')
}

function clockOf(at: string): string {
  const moment = new Date(at)
  return Number.isNaN(moment.getTime()) ? '' : moment.toTimeString().slice(0, 5)
}
