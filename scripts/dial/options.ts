import { parseE164 } from '../../src/domain/msisdn.ts'
import { type CommandLine, readCommandLine } from '../command-line.ts'
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
  --url <url>           the gateway                             (http://127.0.0.1:8080, with PORT where that is set)
  --key <key>           AFRICASTALKING_CALLBACK_KEY             (demo)
  --network <url>       the fake network that brings SMS        (http://127.0.0.1:8081, with NETWORK_HTTP_PORT)
  --operator <url>      the gateway's operator port, for :inspect (http://127.0.0.1:9080, with OPERATOR_PORT)
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

export function readOptions(args: readonly string[]): CommandLine<Options> {
  return readCommandLine(
    'dial',
    args,
    {
      options: {
        from: { type: 'string' },
        to: { type: 'string', default: '*384#' },
        'service-code': { type: 'string' },
        via: { type: 'string', default: 'africastalking' },
        url: { type: 'string', default: onThisMachine('PORT', 8080) },
        key: { type: 'string', default: 'demo' },
        network: { type: 'string', default: onThisMachine('NETWORK_HTTP_PORT', 8081) },
        operator: { type: 'string', default: onThisMachine('OPERATOR_PORT', 9080) },
        json: { type: 'boolean', default: false },
        save: { type: 'string' },
      },
    },
    ({ values }) => {
      const { from, to, 'service-code': serviceCode, via, url, key, network, operator, json, save } = values
      if (from === undefined) return "Whose phone is it? Say --from and the phone's number."
      if (parseE164(from) === null) {
        return `--from takes a number in international form, such as +254700000001, not "${from}".`
      }
      if (parseDialled(to, serviceCode) === null) {
        return `"${to}" cannot be dialled. Write it as '*384#' (in quotes), or '*384*1#' for a shortcut.`
      }
      if (via !== 'africastalking' && via !== 'smpp') return `--via takes africastalking or smpp, not "${via}".`
      for (const [name, value] of Object.entries({ url, network, operator })) {
        if (!/^https?:\/\//.test(value) || !URL.canParse(value))
          return `--${name} takes a URL, such as http://127.0.0.1:8080, not "${value}".`
      }
      return {
        ...{ phoneNumber: from, dialled: to, serviceCode, via, url, key, json, save },
        ...{ networkUrl: network, operatorUrl: operator },
      }
    },
  )
}

/** Where the demo is that was started with the same ports. */
function onThisMachine(variable: string, usual: number): string {
  return `http://127.0.0.1:${process.env[variable] || usual}`
}
