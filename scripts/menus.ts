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
  process.stderr.write(`${sentenceOf(error)}\n`)
  process.exitCode = 2
}

function run([name = 'check', ...args]: readonly string[]): number | Promise<number> {
  const verb = verbs.find((each) => each.name === name)
  if (verb === undefined && !asksForHelp([name])) throw new Error(`There is no verb ${name}.\n\n${HELP}`)
  if (verb !== undefined && !asksForHelp(args)) return verb.run(args)
  process.stdout.write(verb === undefined ? HELP : `${CALL} ${verb.name} ${verb.help}`)
  return 0
}

function asksForHelp(args: readonly string[]): boolean {
  return args.includes('--help') || args.includes('-h') || args[0] === 'help'
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, path, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' && path !== undefined) return `There is no ${path}.`
  if (code === 'EISDIR') return 'That is a folder; name a file.'
  if (code === 'ENOTDIR' && path !== undefined) return `${path} is no folder.`
  if (code?.startsWith('ERR_PARSE_ARGS')) return `${message}. ${CALL} ${process.argv[2]} --help names the options.`
  return message
}
