import { HELP, verbs } from './campaigns/verbs.ts'

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`)
  process.exitCode = 2
}

function run([name, ...args]: readonly string[]): number | Promise<number> {
  const asks =
    name === undefined || [name, ...args].some((word) => word === '--help' || word === '-h') || name === 'help'
  if (asks) {
    process.stdout.write(HELP)
    return name === undefined ? 2 : 0
  }
  const verb = verbs[name]
  if (verb === undefined) throw new Error(`There is no verb ${name}.\n\n${HELP}`)
  return verb(args)
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { code, path, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' && path !== undefined) return `There is no ${path}.`
  if (code?.startsWith('ERR_PARSE_ARGS')) return `${message}. npm run campaigns -- --help names the options.`
  return message
}
