import { isUuid } from '../../src/domain/ids.ts'
import { type Msisdn, parseE164 } from '../../src/domain/msisdn.ts'
import { type CommandLine, readCommandLine } from '../command-line.ts'

/** What is asked for. `text`: with the words of the messages, which is recorded. */
export type Question =
  | { readonly kind: 'message'; readonly id: string; readonly text: boolean }
  | { readonly kind: 'sent_to'; readonly number: Msisdn; readonly limit: number; readonly text: boolean }
  | { readonly kind: 'received_from'; readonly number: Msisdn; readonly limit: number; readonly text: boolean }
  | { readonly kind: 'unmatched'; readonly limit: number }

export type Options = { readonly question: Question; readonly json: boolean }

export const HELP = `Tells what became of messages: times, links, attempts, parts, states and reasons, oldest first.

  npm run sms -- history 01890a5d-ac96-774b-bcce-b302099a8057      one message that was sent
  npm run sms -- history +254712345678 --limit 5                   the latest to a phone
  npm run sms -- inbox +254712345678                               the latest from a phone
  npm run sms -- unmatched                                         delivery reports that no message was found for
  npm run --silent sms -- history +254712345678 --json             one JSON object

  --limit <count>   at most so many messages or reports, newest first     (20)
  --text            with the words of the messages. Somebody's letters are opened by that, so who did it is written to the audit record.
                    Codes are never shown, and digits of messages from phones were never stored
  --json            one JSON object: {"messages":[…]} or {"reports":[…]}
  --help            this page

Works on the stores of DATABASE_URL with DATA_KEY (for --text also AUDIT_KEY); without DATABASE_URL on the local ones of the demo.
Exit codes: 0 found; 1 nothing found, or it could not be read; 2 wrong use.
`

const MAX_LIMIT = 1_000

export function readOptions(args: readonly string[]): CommandLine<Options> {
  return readCommandLine(
    'sms',
    args,
    {
      options: {
        limit: { type: 'string', default: '20' },
        text: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
      allowPositionals: true,
    },
    ({ values, positionals }) => {
      const [verb, what, ...more] = positionals
      if (!/^\d{1,4}$/.test(values.limit) || Number(values.limit) < 1 || Number(values.limit) > MAX_LIMIT)
        return `--limit is a number from 1 to ${MAX_LIMIT}.`
      if (more.length > 0) return 'One message or one number at a time.'
      const question = readQuestion(verb, what, Number(values.limit), values.text)
      return typeof question === 'string' ? question : { question, json: values.json }
    },
  )
}

function readQuestion(
  verb: string | undefined,
  what: string | undefined,
  limit: number,
  text: boolean,
): Question | string {
  const number = parseE164(what ?? '')
  switch (verb) {
    case 'history': {
      if (number !== null) return { kind: 'sent_to', number, limit, text }
      const id = (what ?? '').toLowerCase()
      return isUuid(id)
        ? { kind: 'message', id, text }
        : 'Whose history? Say the id of a message, or a number in international form such as +254712345678.'
    }
    case 'inbox':
      return number === null
        ? 'Whose messages? Say a number in international form such as +254712345678.'
        : { kind: 'received_from', number, limit, text }
    case 'unmatched':
      if (what !== undefined) return 'unmatched takes no number: these are the reports that nobody could be found for.'
      return text ? 'A delivery report has no text; leave --text out.' : { kind: 'unmatched', limit }
    case undefined:
      return 'What is to be shown? Say history, inbox or unmatched.'
    default:
      return `There is no verb ${JSON.stringify(verb)}; say history, inbox or unmatched.`
  }
}
