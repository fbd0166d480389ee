import { type CommandLine, readCommandLine } from '../../command-line.ts'
import type { FakeNetworkOptions } from '../network.ts'
import { type Behaviour, behaviourFields, readAssignment, readBehaviour } from './behaviour.ts'
import { SPOKEN } from './ussd-octets.ts'

export type Options = { readonly network: FakeNetworkOptions; readonly behaviour: Partial<Behaviour> }

/** With every field of the behaviour. */
export function helpText(): string {
  const fields = Object.entries(behaviourFields).map(([name, { ordinary, meaning }]) => {
    return `  ${name.padEnd(18)} ${meaning} (${ordinary === null ? 'null' : String(ordinary)})`
  })
  return `A mobile network on this machine: an SMSC (SMPP 3.4), Africa's Talking's messaging API, and everybody's phones. Ctrl-C ends it.

  npm run fake-network
  npm run fake-network -- --smpp-port 0 --http-port 0 --account mno1:secret --account mno2:secret
  npm run fake-network -- --set delayMs=20 --set throttleAbove=50 --set loseShare=0.01 --set seed=7
  npm run fake-network -- --callback http://127.0.0.1:8080/africastalking/demo

  --smpp-port <port>      where SMPP clients bind; 0 takes a free one     (2775)
  --http-port <port>      Africa's Talking, phones and steering           (8081)
  --host <address>        127.0.0.1 is this machine alone                 (127.0.0.1)
  --account <id:password> an SMPP account; may be given many times        (demo:demo)
  --callback <url>        where Africa's Talking's callbacks are posted   (nowhere)
  --dialect <name>        how USSD is done over SMPP: one of ${Object.keys(SPOKEN).join(', ')} (standard)
  --set <name=value>      behaviour from the start; may be given many times
  --help                  this page

While it runs:

  curl localhost:8081                                                 # everything that can be asked, as OpenAPI
  curl -d '{"loseEvery": 10, "reorder": 5}' localhost:8081/control    # another behaviour; GET shows it, /control/calm ends it
  curl localhost:8081/stats                                           # submits, refusals, latency, most outstanding
  curl localhost:8081/phones/254700000001/messages                    # what lies in a phone; ?follow streams
  curl -d '{"to": "22384", "text": "BAL"}' localhost:8081/phones/254700000001/messages
  curl -d '{"perSecond": 50, "seconds": 60, "texts": ["BAL", "HELP"]}' localhost:8081/load
  curl -d '{"from": "+254700000001", "dial": "*384#"}' localhost:8081/ussd   # then "answer", or "do": "hangup"
  curl -X POST localhost:8081/links/drop                              # also unbind, and octets with {"hex": "…"}

Behaviour, with what is ordinary:

${fields.join('\n')}
`
}

/** Reads the command line; a sentence says what is wrong with it. */
export function readOptions(args: readonly string[]): CommandLine<Options> {
  return readCommandLine(
    'fake-network',
    args,
    {
      options: {
        'smpp-port': { type: 'string', default: '2775' },
        'http-port': { type: 'string', default: '8081' },
        host: { type: 'string', default: '127.0.0.1' },
        account: { type: 'string', multiple: true, default: ['demo:demo'] },
        callback: { type: 'string' },
        dialect: { type: 'string', default: 'standard' },
        set: { type: 'string', multiple: true, default: [] },
      },
    },
    ({ values }) => {
      const ports: number[] = []
      for (const name of ['smpp-port', 'http-port'] as const) {
        const port = Number(values[name])
        if (!/^\d{1,5}$/.test(values[name]) || port > 65_535)
          return `--${name} takes a port from 0 to 65535, not "${values[name]}".`
        ports.push(port)
      }
      const accounts: Record<string, string> = {}
      for (const account of values.account) {
        const [, id, password] = /^([^:]{1,15}):(.{0,8})$/.exec(account) ?? []
        // Lengths of SMPP 3.4 §5.2.1 and §5.2.2, without the NUL at the end.
        if (id === undefined || password === undefined)
          return '--account takes a system_id of up to 15 characters, a colon, and a password of up to 8.'
        accounts[id] = password
      }
      const { host, callback, dialect } = values
      if (callback !== undefined && !(/^https?:\/\//.test(callback) && URL.canParse(callback)))
        return `--callback takes a URL, such as http://127.0.0.1:8080/africastalking/demo, not "${callback}".`
      if (!Object.hasOwn(SPOKEN, dialect))
        return `--dialect takes one of ${Object.keys(SPOKEN).join(', ')}, not "${dialect}".`
      const behaviour = readBehaviour(Object.assign({}, ...values.set.map(readAssignment)))
      if (typeof behaviour === 'string') return behaviour
      return {
        behaviour,
        network: {
          ...{ smppPort: ports[0] ?? 0, httpPort: ports[1] ?? 0, host, accounts },
          ...{ ussdDialect: dialect, africastalkingCallbackUrl: callback ?? null },
        },
      }
    },
  )
}
