import { type ParseArgsConfig, parseArgs } from 'node:util'

/** What somebody typed after a command: what to do, that they want its help, or a sentence saying what is wrong and where the help is. */
export type CommandLine<Options> =
  | { readonly kind: 'options'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly sentence: string }

type Parsed<Config extends ParseArgsConfig> = ReturnType<typeof parseArgs<Config>>

/**
 * Parses what follows `npm run <command> --`; every command has --help beside its own options. `read` makes of the values what the
 * command is to do, or says in a sentence why it cannot.
 */
export function readCommandLine<Config extends ParseArgsConfig, Options extends object>(
  command: string,
  args: readonly string[],
  config: Config,
  read: (parsed: Parsed<Config>) => Options | string,
): CommandLine<Options> {
  const withHelp = { ...config.options, help: { type: 'boolean', short: 'h' } } as const
  let parsed: { readonly values: { readonly help?: unknown }; readonly positionals: readonly string[] }
  try {
    parsed = parseArgs({ ...config, args: [...args], options: withHelp })
  } catch (error) {
    return wrong(command, error instanceof Error ? error.message : String(error))
  }
  if (parsed.values.help === true || parsed.positionals[0] === 'help') return { kind: 'help' }
  const options = read(parsed as Parsed<Config>)
  return typeof options === 'string' ? wrong(command, options) : { kind: 'options', options }
}

function wrong(command: string, sentence: string): { kind: 'wrong'; sentence: string } {
  return { kind: 'wrong', sentence: `${sentence.trim()}\n  npm run ${command} -- --help shows how.` }
}

/** The same of a command with verbs, each with a help text of its own. */
type Call<Work extends { readonly kind: 'work' }> =
  | Work
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly sentence: string }

/**
 * Does what the command line says and sets the exit code: that of `run`, 1 where it throws (the message is printed), 2 for wrong use.
 */
export function runCommand<Options>(
  line: CommandLine<Options>,
  help: string,
  run: (options: Options) => Promise<number>,
): Promise<void> {
  const call: Call<{ readonly kind: 'work'; readonly options: Options }> =
    line.kind === 'help' ? { ...line, text: help } : line.kind === 'wrong' ? line : { ...line, kind: 'work' }
  return answerCall(call, ({ options }) => run(options))
}

/** The same where the call says which help is meant. */
export async function answerCall<Work extends { readonly kind: 'work' }>(
  call: Call<Work>,
  run: (work: Work) => Promise<number>,
): Promise<void> {
  switch (call.kind) {
    case 'help':
      process.stdout.write(call.text)
      break
    case 'wrong':
      process.stderr.write(`${call.sentence}\n`)
      process.exitCode = 2
      break
    case 'work':
      process.exitCode = await run(call).catch((error: unknown) => {
        process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
        return 1
      })
      break
  }
}
