import { parseMoney } from '../../src/domain/money.ts'
import { type ServiceKind, serviceKinds } from '../../src/ledger/tariff.ts'
import { type CommandLine, readCommandLine } from '../command-line.ts'

export type Options = { readonly verb: 'check'; readonly file: string } | StoreVerb

/** What needs a database. */
export type StoreVerb =
  | { readonly verb: 'load'; readonly file: string }
  | { readonly verb: 'list' | 'ceilings' }
  | {
      readonly verb: 'preview'
      readonly file: string
      /** As written, in units of the currency; empty: where bands end. */
      readonly amounts: readonly string[]
      readonly kinds: readonly ServiceKind[]
      readonly tier: string | null
      readonly version: string | null
    }

export const HELP: string = `Prices and limits, from a file of yours (docs/tariffs.md).

  npm run tariffs -- check tariffs.yaml
  npm run tariffs -- preview tariffs.yaml --amount 100 --amount 2500 --tier standard
  npm run tariffs -- load tariffs.yaml
  npm run tariffs -- list
  npm run tariffs -- ceilings

check says everything that is wrong with the file; it needs no database.
preview shows what a version would change of the one in force: costs, amount by amount, and limits.
  --amount <amount>   in units of the currency; several times   (where bands end)
  --kind <service>    ${serviceKinds.join(', ')}; several times  (all)
  --tier <id>         whose prices                              (everybody's)
  --version <name>    of the file's versions                    (the last to take effect)
load stores the versions of the file that are not there yet, as the owner of the tables (DATABASE_OWNER_URL), and gives wallets the
ceilings in force. A stored version is never changed: what is different needs a new name and its own day.
list shows the stored versions. ceilings gives wallets the ceilings in force, for when a version that was loaded before has begun.
  --help              this page

Works on the stores of DATABASE_URL and DATABASE_OWNER_URL; without them on the local ones of the demo. MARKET where it matters.
Exit codes: 0 done; 1 not done; 2 wrong use.
`

const VERBS = ['check', 'preview', 'load', 'list', 'ceilings'] as const
const several = { type: 'string', multiple: true } as const
const one = { type: 'string' } as const

export function readOptions(args: readonly string[]): CommandLine<Options> {
  const options = { amount: several, kind: several, tier: one, version: one } as const
  return readCommandLine('tariffs', args, { options, allowPositionals: true }, ({ values, positionals }) => {
    const [word, file, ...more] = positionals
    const verb = VERBS.find((known) => known === word)
    if (verb === undefined) return `What is to be done? Say one of ${VERBS.join(', ')}.`
    const [stray] = Object.keys(values)
    if (verb !== 'preview' && stray !== undefined) return `--${stray} belongs to preview.`
    if (more.length > 0) return `${verb} takes one file at a time.`
    if (verb === 'list' || verb === 'ceilings') return file === undefined ? { verb } : `${verb} takes no file.`
    if (file === undefined) return `Which file? Say: ${verb} FILE`
    if (verb !== 'preview') return { verb, file }
    const { amount: amounts = [], kind = [], tier = null, version = null } = values
    const wrong = amounts.find((text) => parseMoney(text, 'KES') === null)
    if (wrong !== undefined) return `--amount ${wrong} is no amount; write it as 2500 or 11.30.`
    const strange = kind.find((name) => !serviceKinds.some((known) => known === name))
    if (strange !== undefined) return `--kind ${strange} is none of ${serviceKinds.join(', ')}.`
    return { verb, file, amounts, kinds: serviceKinds.filter((known) => kind.includes(known)), tier, version }
  })
}
