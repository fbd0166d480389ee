import { parseArgs } from 'node:util'
import { parseE164 } from '../../src/domain/msisdn.ts'
import { parseDialled } from './call.ts'

export type Options = {
  readonly phoneNumber: string
  readonly dialled: string
  readonly serviceCode: string | undefined
  /** How dialogues reach the gateway. */
  readonly via: 'africastalking' | 'smpp'
  readonly url: string
  readonly key: string
  readonly networkUrl: string
  readonly operatorUrl: string
  readonly json: boolean
  readonly save: string | undefined
}

export type ReadOptions =
  | { readonly kind: 'options'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly sentence: string }

export const HELP: string = `A phone in the terminal, against a running gateway.

  npm run dial -- --from +254700000001
  npm run dial -- --from +254700000001 --to '*384*1*0700000002*500#'
  npm run dial -- --from +254700000001 --via smpp
  npm run dial -- --from +254700000001 --save test/dialogues/my-flow.en.yaml
  printf '1\\n:hangup\\n' | npm run --silent dial -- --from +254700000001 --json

  --from <number>       this phone's number, international form (required)
  --to <code>           what is dialled first                   (*384#)
  --service-code <code> the part of it that is the short code, when that has a * itself
  --via <network>       africastalking: callbacks to --url; smpp: through --network's SMPP links (africastalking)
  --url <url>           the gateway                             (http://127.0.0.1:8080)
  --key <key>           AFRICASTALKING_CALLBACK_KEY             (demo)
  --network <url>       the fake network that brings SMS        (http://127.0.0.1:8081)
  --operator <url>      the gateway's operator port, for :inspect (http://127.0.0.1:9080)
  --json                one JSON object a line: screen, sms, end, repeat, fault, inspect
  --save <file>         write what happens as a dialogue test; PINs stand there as <pin>
  --help                this page

Answers are read line by line. What else a line can be:

${commandHelp()}

Exit codes: 0 all is well; 1 the gateway cannot be reached, or (in a script) answered with a fault; 2 wrong use.
`

export function commandHelp(): string {
  return `  :hangup        end the session, as the red key does
  :timeout       give no answer until the network ends the session
  :twice         send the last callback again and compare the bytes
  :dial [code]   dial, the same code again when none is given
  :sms           wait for the next SMS, ten seconds at most
  :inspect       show, or no longer, what the gateway holds of the dialogue
  :help          this list
  :quit          put the phone away (also Ctrl-D)`
}

export function readOptions(args: readonly string[]): ReadOptions {
  let values: ReturnType<typeof parse>
  try {
    values = parse(args)
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error))
  }
  if (values.help === true) return { kind: 'help' }
  if (values.from === undefined) return wrong("Whose phone is it? Say --from and the phone's number.")
  if (parseE164(values.from) === null) {
    return wrong(`--from takes a number in international form, such as +254700000001, not "${values.from}".`)
  }
  if (parseDialled(values.to, values['service-code']) === null) {
    return wrong(`"${values.to}" cannot be dialled. Write it as '*384#' (in quotes), or '*384*1#' for a shortcut.`)
  }
  if (values.via !== 'africastalking' && values.via !== 'smpp')
    return wrong(`--via takes africastalking or smpp, not "${values.via}".`)
  for (const [name, url] of [
    ['--url', values.url] as const,
    ['--network', values.network] as const,
    ['--operator', values.operator] as const,
  ]) {
    if (!/^https?:\/\//.test(url) || !URL.canParse(url))
      return wrong(`${name} takes a URL, such as http://127.0.0.1:8080, not "${url}".`)
  }
  return {
    kind: 'options',
    options: {
      phoneNumber: values.from,
      dialled: values.to,
      serviceCode: values['service-code'],
      via: values.via,
      url: values.url,
      key: values.key,
      networkUrl: values.network,
      operatorUrl: values.operator,
      json: values.json,
      save: values.save,
    },
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      from: { type: 'string' },
      to: { type: 'string', default: '*384#' },
      'service-code': { type: 'string' },
      via: { type: 'string', default: 'africastalking' },
      url: { type: 'string', default: 'http://127.0.0.1:8080' },
      key: { type: 'string', default: 'demo' },
      network: { type: 'string', default: 'http://127.0.0.1:8081' },
      operator: { type: 'string', default: 'http://127.0.0.1:9080' },
      json: { type: 'boolean', default: false },
      save: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  }).values
}

function wrong(sentence: string): ReadOptions {
  return { kind: 'wrong', sentence: `${sentence}\nSee npm run dial -- --help` }
}
