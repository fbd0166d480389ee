import { runCommand } from './command-line.ts'
import { helpText, type Options, readOptions } from './fakes/network/options.ts'
import { startFakeNetwork } from './fakes/network.ts'

await runCommand(readOptions(process.argv.slice(2)), helpText(), run)

async function run({ network: options, behaviour }: Options): Promise<number> {
  const interrupted = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve())
  })
  const network = await startFakeNetwork(options).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE') throw error
    const advice = 'Something else uses that port; stop it, or choose another (--smpp-port, --http-port).'
    throw new Error(`${error.message}. ${advice}`)
  })
  network.behave(behaviour)
  const accounts = Object.keys(options.accounts ?? {}).join(', ')
  process.stdout.write(`The fake network is up.

SMPP      ${options.host}:${network.smppPort}   (${accounts})
HTTP      ${network.httpUrl}   says what it can be asked

Ctrl-C ends it.
`)
  await interrupted
  await network.close()
  return 0
}
