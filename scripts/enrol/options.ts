import { parseArgs } from 'node:util'
import { Secret } from '../../src/domain/secret.ts'

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

export type ReadOptions =
  | { readonly kind: 'options'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly sentence: string }

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

export function readOptions(args: readonly string[]): ReadOptions {
  let values: ReturnType<typeof parse>
  try {
    values = parse(args)
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
  if (values.help === true) return { kind: 'help' }
  const { number, name, 'answer-file': file } = values
  if (number === undefined) return wrong('Who is to be enrolled? Say --number and the phone number.')
  if (name === undefined) return wrong('Who is it? Say --name and the full name, in quotes.')
  const { question, answer } = splitQuestion(values.question)
  if (question === undefined && file !== undefined) return wrong('--answer-file answers nothing; say --question too.')
  if (answer.kind === 'given' && file !== undefined) {
    return wrong('The answer is both in --question and in --answer-file; keep the file.')
  }
  const source: AnswerSource = file === undefined ? answer : { kind: 'file', path: file }
  const { language, tier, json } = values
  return { kind: 'options', options: { number, name, language, tier, question, answer: source, json } }
}

function splitQuestion(text: string | undefined): { question: string | undefined; answer: AnswerSource } {
  if (text === undefined) return { question: undefined, answer: { kind: 'none' } }
  const at = text.indexOf('=')
  if (at < 0) return { question: text, answer: { kind: 'ask' } }
  return { question: text.slice(0, at), answer: { kind: 'given', answer: new Secret(text.slice(at + 1)) } }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: false,
    options: {
      number: { type: 'string' },
      name: { type: 'string' },
      language: { type: 'string' },
      tier: { type: 'string', default: 'standard' },
      question: { type: 'string' },
      'answer-file': { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  }).values
}

function wrong(sentence: string): ReadOptions {
  return { kind: 'wrong', sentence: `${sentence.trim()}\n  npm run enrol -- --help shows how.` }
}
