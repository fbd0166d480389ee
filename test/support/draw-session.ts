import { measureScreen, showLength } from '../../scripts/dial/counter.ts'
import { drawFrame, SCREEN_COLUMNS } from '../../scripts/dial/frame.ts'
import type { DialogueStep } from '../../scripts/dialogues/file.ts'
import { readDialogueFile } from '../../scripts/dialogues/file.ts'

/** What stands in a picture where a dialogue has a mark. */
const samples: Readonly<Record<string, string>> = {
  '<reference>': 'QX7K2M9PLT',
  '<time>': '23/11/26 14:05',
  '<pin>': '73915',
}
/** Screens beside each other; more would not fit a page. */
const ABREAST = 3

/** Draws a dialogue's screens and the messages after it as the phone in the terminal does, as a Markdown code block. */
export function drawSession(file: string): string {
  const read = readDialogueFile(file)
  if (read.kind === 'wrong') throw new Error(`${file}: ${read.problems.join('\n')}`)
  const screens = read.dialogue.steps.map((step) => {
    const text = fill(step.expect ?? '')
    return [caption(step), ...drawFrame(text, { left: '*384#', right: showLength(measureScreen(text)) })]
  })
  const messages = read.dialogue.sms.map(({ to, expect }) => [
    `${to.charAt(0).toUpperCase()}${to.slice(1)}'s phone`,
    ...drawFrame(fill(expect), { left: 'SMS from Nyota', right: '14:05' }),
  ])
  const pictures = [...screens, ...messages]
  const rows: string[] = []
  for (let start = 0; start < pictures.length; start += ABREAST)
    rows.push(beside(pictures.slice(start, start + ABREAST)))
  return `\`\`\`\n${rows.join('\n\n')}\n\`\`\`\n`
}

function caption({ act }: DialogueStep): string {
  if (act.kind === 'dial') return `dials ${act.dialled}`
  return act.kind === 'answer' ? `types ${fill(act.input)}` : ''
}

function beside(pictures: string[][]): string {
  const height = Math.max(...pictures.map((lines) => lines.length))
  const lines = Array.from({ length: height }, (_, row) =>
    pictures
      .map((picture) => (picture[row] ?? '').padEnd(SCREEN_COLUMNS + 4))
      .join('  ')
      .trimEnd(),
  )
  return lines.join('\n')
}

function fill(text: string): string {
  return text.replace(/<\w+>/g, (mark) => samples[mark] ?? mark)
}
