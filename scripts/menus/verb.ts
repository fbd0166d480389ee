/** One thing that `npm run menus -- <name>` does: a file of its own and a line in `verbs.ts`. */
export type Verb = {
  readonly name: string
  /** One line for the list of verbs. */
  readonly summary: string
  /** Everything after the verb's name: usage, options, examples. */
  readonly help: string
  /** Resolves with the exit code: 0 all is well, 1 something is wrong with the menus. Throws, with a sentence, on wrong use. */
  readonly run: (args: readonly string[]) => Promise<number>
}
