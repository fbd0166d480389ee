import { verbs } from './menus/verbs.ts'

const CALL = 'npm run menus --'

const width = Math.max(...verbs.map(({ name }) => name.length))
const HELP = `${CALL} <verb> [options]

${verbs.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`).join('')}
${CALL} <verb> --help tells more. Ends with 0 where all is well, 1 where something is wrong with the menus, 2 where it was called wrongly.
`

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 2
}

function run([name = 'check', ...args]: readonly string[]): number | Promise<number> {
  const verb = verbs.find((each) => each.name === name)
  if (verb === undefined && name !== '--help') throw new Error(`There is no verb ${name}.\n\n${HELP}`)
  if (verb !== undefined && !args.includes('--help')) return verb.run(args)
  process.stdout.write(verb === undefined ? HELP : `${CALL} ${verb.name} ${verb.help}`)
  return 0
}
