import { helpText, type ReadOptions, readOptions } from './fakes/network/options.ts'
import { startFakeNetwork } from './fakes/network.ts'

const read = readOptions(process.argv.slice(2))
switch (read.kind) {
  case 'help':
    process.stdout.write(helpText())
    break
  case 'wrong':
    process.stderr.write(`${read.sentence}\n`)
    process.exitCode = 2
    break
  case 'options':
    await run(read).catch((error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE'
      const advice = taken
        ? ' Something else uses that port; stop it, or choose another (--smpp-port, --http-port).'
        : ''
      process.stderr.write(`${error.message}${advice}\n`)
      process.exitCode = 1
    })
    break
}

async function run({ options, behaviour }: Extract<ReadOptions, { kind: 'options' }>): Promise<void> {
  const interrupted = new Promise<void>((resolve) => {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => resolve())
  })
  const network = await startFakeNetwork(options)
  network.behave(behaviour)
  const accounts = Object.keys(options.accounts ?? {}).join(', ')
  process.stdout.write(`The fake network is up.

SMPP      ${options.host}:${network.smppPort}   (${accounts})
HTTP      ${network.httpUrl}   says what it can be asked

Ctrl-C ends it.
`)
  await interrupted
  await network.close()
}
