import { Secret } from '../../src/domain/secret.ts'
import { type CommandLine, readCommandLine } from '../command-line.ts'

export type Options = {
  readonly number: string
  readonly name: string
  /** Undefined: the menus' own language. */
  readonly language: string | undefined
  readonly tier: string
  readonly question: string | undefined
  readonly answer: AnswerSource
  readonly json: boolean
}

/** `given` came with the question on the command line; `ask`: on the terminal, or the first line of standard input. */
export type AnswerSource =
  | { readonly kind: 'given'; readonly answer: Secret }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'ask' }
  | { readonly kind: 'none' }

export const HELP = `Puts a person on file. They activate the account by dialling: a code comes by SMS, then they choose a PIN.

  npm run enrol -- --number 0712345678 --name "Zawadi Achieng" --question "Which was your first school?"
  npm run enrol -- --number +254712345678 --name "Zawadi Achieng" --language sw --tier basic
  npm run --silent enrol -- --number 0712345678 --name "Zawadi Achieng" --question "First pet?" --answer-file answer.txt --json

  --number <number>     phone number, the way people write it (required)
  --name <name>         full name as on the identity document (required)
  --language <code>     of screens and messages     (the menus' own)
  --tier <id>           limits that apply           (standard)
  --question <text>     identity question for a forgotten PIN; without one a forgotten PIN cannot be replaced by phone
  --answer-file <file>  its answer; otherwise it is asked for, or read from the first line of standard input.
                        --question "text=answer" works too, but others on this machine may see a command line
  --json                one JSON object: {"outcome":"enrolled","subscriberId":"…"}, or {"outcome":"already" | "failed","problems":[…]}
  --help                this page

Works on the stores of DATABASE_URL with PIN_KEY, DATA_KEY, AUDIT_KEY and MARKET; without DATABASE_URL on the local ones of the demo.
Exit codes: 0 enrolled; 1 not enrolled; 2 wrong use.
`

const optional = { type: 'string' } as const

export function readOptions(args: readonly string[]): CommandLine<Options> {
  return readCommandLine(
    'enrol',
    args,
    {
      options: {
        ...{ number: optional, name: optional, language: optional, question: optional, 'answer-file': optional },
        tier: { type: 'string', default: 'standard' },
        json: { type: 'boolean', default: false },
      },
    },
    ({ values }) => {
      const { number, name, language, tier, json, 'answer-file': file } = values
      if (number === undefined) return 'Who is to be enrolled? Say --number and the phone number.'
      if (name === undefined) return 'Who is it? Say --name and the full name, in quotes.'
      const { question, answer } = splitQuestion(values.question)
      if (question === undefined && file !== undefined) return '--answer-file answers nothing; say --question too.'
      if (answer.kind === 'given' && file !== undefined) {
        return 'The answer is both in --question and in --answer-file; keep the file.'
      }
      const source: AnswerSource = file === undefined ? answer : { kind: 'file', path: file }
      return { number, name, language, tier, question, answer: source, json }
    },
  )
}

function splitQuestion(text: string | undefined): { question: string | undefined; answer: AnswerSource } {
  if (text === undefined) return { question: undefined, answer: { kind: 'none' } }
  const at = text.indexOf('=')
  if (at < 0) return { question: text, answer: { kind: 'ask' } }
  return { question: text.slice(0, at), answer: { kind: 'given', answer: new Secret(text.slice(at + 1)) } }
}
