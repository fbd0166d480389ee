import { existsSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { styleText } from 'node:util'
import { runCommand } from './command-line.ts'
import { demoPeople } from './demo/people.ts'
import { followPushes, overAfricasTalking, overSmpp } from './dial/carrier.ts'
import type { Display, Paint } from './dial/display.ts'
import { makeFramedDisplay, makeJsonDisplay } from './dial/display.ts'
import { followInbox } from './dial/inbox.ts'
import type { Options } from './dial/options.ts'
import { HELP, readOptions } from './dial/options.ts'
import { makePhone } from './dial/phone.ts'
import { makeRecorder } from './dial/recorder.ts'

await runCommand(readOptions(process.argv.slice(2)), HELP, run)

async function run(options: Options): Promise<number> {
  if (options.save !== undefined && existsSync(options.save)) {
    process.stderr.write(`${options.save} exists already. Save under another name, or remove it first.\n`)
    return 2
  }
  const interactive = process.stdin.isTTY && process.stdout.isTTY && !options.json
  const lines = readLines(interactive)
  const display = makeDisplay(options, lines.print)
  const { phoneNumber } = options
  const owner = Object.values(demoPeople).find(({ number }) => number === phoneNumber) ?? null
  const recorder = makeRecorder({ phoneNumber, description: 'What this dialogue shows', owner })
  const carrier = options.via === 'smpp' ? overSmpp(options.networkUrl) : overAfricasTalking(options)
  const phone = makePhone({ carrier, operatorUrl: options.operatorUrl }, options, display, recorder)
  const pushes = new AbortController()
  if (options.via === 'smpp') void followPushes(options.networkUrl, phoneNumber, phone.pushed, pushes.signal)
  const inbox = followInbox(
    { networkUrl: options.networkUrl, phoneNumber, sinceMs: Date.now() },
    {
      onMessage: phone.receive,
      onAway: (cause) => display.note(`  No SMS can arrive: nothing answers at ${options.networkUrl} (${cause}).`),
    },
  )
  if (interactive) display.note(`  Phone ${phoneNumber}. Type an answer and Enter; :help shows what else there is.`)
  const reached = await phone.dial(options.dialled)
  if (reached) {
    for await (const line of lines.answers) if (!(await phone.enter(line))) break
    await phone.close()
  }
  lines.close()
  inbox.stop()
  pushes.abort()
  if (options.save !== undefined && reached) {
    writeFileSync(options.save, recorder.toYaml())
    display.note(`  Saved as ${options.save}`)
  }
  return !reached || (!interactive && phone.faults() > 0) ? 1 : 0
}

type Lines = { answers: AsyncIterable<string>; print(text: string): void; close(): void }

/** Lines as they are typed, kept until they are asked for; what is printed meanwhile moves the prompt down instead of through it. */
function readLines(interactive: boolean): Lines {
  const reader = createInterface({
    input: process.stdin,
    ...(interactive ? { output: process.stdout, prompt: '> ' } : {}),
    terminal: interactive,
    // A PIN must not come back with the arrow keys.
    historySize: 0,
  })
  const waiting: string[] = []
  let closed = false
  let wake: () => void = () => {}
  reader.on('line', (line) => {
    waiting.push(line)
    wake()
  })
  reader.on('close', () => {
    closed = true
    wake()
  })
  async function* answers(): AsyncGenerator<string> {
    for (;;) {
      const line = waiting.shift()
      if (line !== undefined) yield line
      else if (closed) return
      else {
        if (interactive) reader.prompt()
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  }
  return {
    answers: answers(),
    print: (text) => {
      process.stdout.write(interactive ? `\r\u001b[K${text}\n` : `${text}\n`)
      if (interactive && !closed) reader.prompt(true)
    },
    close: () => reader.close(),
  }
}

function makeDisplay(options: Options, print: (text: string) => void): Display {
  if (options.json) return makeJsonDisplay(print, (words) => process.stderr.write(`${words.trim()}\n`))
  const colours = process.stdout.isTTY === true && (process.env.NO_COLOR ?? '') === ''
  const paint: Paint = (style, text) => (colours ? styleText(style, text) : text)
  return makeFramedDisplay(print, paint, () => process.stdout.columns ?? 80)
}
