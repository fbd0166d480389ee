import { Document } from 'yaml'
import { parseE164 } from '../../../src/domain/msisdn.ts'
import { setStyles } from '../../dial/recorder.ts'
import type { Session, Step } from './dialoguss.ts'

/** A dialogue test as docs/dialogues.md has it, and what of the session could not be taken over. */
export type Written = { readonly yaml: string; readonly notes: readonly string[] }

/** How the numbers of the demo's people begin. */
const DEMO = '+25470000000'

type Line = { readonly userInput?: string; readonly expect?: string; readonly expectEnd?: true }

/** Null, with the reason, where nothing of the session can be played. */
export function writeDialogue(session: Session, origin: string): Written | { yaml: null; notes: readonly string[] } {
  const notes: string[] = []
  const note = (text: string): void => {
    notes.push(`session ${session.id}: ${text}`)
  }
  if (session.steps.length === 0) return { yaml: null, notes: [`session ${session.id}: it has no steps; left out.`] }
  const dialled = session.dial ?? session.steps[0]?.input ?? ''
  if (!/^\*[\d*]+#$/.test(dialled)) {
    return { yaml: null, notes: [`session ${session.id}: nothing is dialled ("dial"), such as "*384#"; left out.`] }
  }
  const steps = lines(session.steps, dialled, note)
  if (!steps.some(({ expectEnd }) => expectEnd))
    note('no screen says END, so expectEnd is not set; add it where the session ends.')
  const description = session.description ?? `Session ${session.id} of ${origin}`
  const document = new Document({ description, dial: dialled, phoneNumber: phoneOf(session, note), steps })
  setStyles(document)
  return { yaml: document.toString({ lineWidth: 0 }), notes }
}

function lines(steps: readonly Step[], dialled: string, note: (text: string) => void): readonly Line[] {
  const cumulative = isCumulative(steps)
  if (cumulative) note('each input repeats those before it, joined by *; only what is new is typed.')
  return steps.flatMap(({ input, expect, line }, index): Line[] => {
    const screen = expect === null ? {} : screenOf(expect)
    if (index === 0) {
      // The first step dials, whatever it says is typed.
      if (input !== null && input !== '' && input !== dialled)
        note(`line ${line}: the first step dials ${dialled}; ${JSON.stringify(input)} is left out.`)
      return [screen]
    }
    if (input === null || input === '') {
      note(`line ${line}: nothing is typed, which a phone does not send; the step is left out.`)
      return []
    }
    const typed = cumulative ? input.slice(input.lastIndexOf('*') + 1) : input
    if (/\bPIN\b/i.test(steps[index - 1]?.expect ?? '') && /^\d{4,6}$/.test(typed)) {
      note(`line ${line}: what is typed looks like a PIN; <pin> stands for it.`)
      return [{ userInput: '<pin>', ...screen }]
    }
    return [{ userInput: typed, ...screen }]
  })
}

/** Whether inputs are as Africa's Talking posts them: each begins with the one before and a star. Two at least, to be sure. */
function isCumulative(steps: readonly Step[]): boolean {
  const inputs = steps.slice(1).map(({ input }) => input ?? '')
  return inputs.length > 1 && inputs.slice(1).every((input, index) => input.startsWith(`${inputs[index]}*`))
}

/** A block ends with a line break that no phone shows; CON and END are the network's. */
function screenOf(expect: string): Line {
  const [, word, text = ''] = /^(?:(CON|END)\s)?(.*?)\s*$/s.exec(expect) ?? []
  return { expect: text, ...(word === 'END' ? { expectEnd: true } : {}) }
}

function phoneOf({ phoneNumber }: Session, note: (text: string) => void): string {
  const number = parseE164(`+${(phoneNumber ?? '').replace(/^\+/, '')}`)
  if (number === null)
    note(
      `phoneNumber ${phoneNumber ?? 'is missing and'} is not in international form, such as +254700000001; put one in.`,
    )
  else if (!number.startsWith(DEMO))
    note(`the tests do not know ${number}; put in a number of the demo, ${DEMO}1 and on.`)
  return number ?? phoneNumber ?? ''
}
