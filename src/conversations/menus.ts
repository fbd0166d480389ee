import type { Database } from '../database/database.ts'
import type { Market } from '../domain/market.ts'
import { loadMenuSources } from '../menu/load.ts'
import { describeProblem, type Problem } from '../menu/problem.ts'
import type { Program } from '../menu/program.ts'
import type { Events } from '../telemetry/events.ts'
import { openPrograms, type Programs } from './programs.ts'
import { compileMenus, loadProgram, publishAtStart, publishProgram } from './publish.ts'

export type MenusOptions = {
  readonly database: Database
  /** The menu files of this process. */
  readonly folder: string
  readonly market: Market
  readonly events: Events
}

export type PublishOutcome =
  | { readonly kind: 'published' | 'unchanged'; readonly program: Program; readonly problems: readonly Problem[] }
  /** What runs goes on running. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** The menus of one process: those in force, and how its own files come into force. */
export type Menus = {
  readonly programs: Programs
  /** Compiles the files anew and puts them in force on every process; rejects where they cannot be read, or the database is away. */
  readonly publish: (by: string, force: boolean) => Promise<PublishOutcome>
}

/** Compiles the files, which is the end of a start that finds them wrong, and takes up what is in force. */
export async function openMenus({ database, folder, market, events }: MenusOptions): Promise<Menus> {
  const sources = await loadMenuSources(folder)
  const compiled = compileMenus(sources, market)
  if (compiled.kind === 'refused')
    throw new Error(`the menus are refused:\n${compiled.problems.map(describeProblem).join('\n')}`)
  const { program } = compiled
  const files = Object.keys(sources).length
  const { kind, hash, removed } = await publishAtStart(database, { program, files, by: 'a start' })
  if (removed.length > 0) events.menusLostNames({ program: hash, problems: removed.map(describeProblem) })
  if (kind === 'published') events.menusPublished({ program: hash, screens: Object.keys(program.screens).length })
  else if (hash !== program.hash) events.menusKept({ program: hash, files: program.hash })
  const programs = openPrograms({
    database,
    current: hash === program.hash ? program : ((await loadProgram(database, hash)) ?? program),
    onChange: (next) => events.menusTakenUp({ program: next.hash }),
    onTrouble: (error) => events.menusNotLookedUp({ error }),
  })

  async function publish(by: string, force: boolean): Promise<PublishOutcome> {
    const outcome = await publishFolder({ database, folder, market, by, force })
    if (outcome.kind === 'refused') events.menusRefused({ by, problems: outcome.problems.map(describeProblem) })
    if (outcome.kind === 'published')
      events.menusPublished({ program: outcome.program.hash, screens: Object.keys(outcome.program.screens).length })
    // What was published is; should this fail, the next look takes it up.
    await programs.refresh().catch((error: unknown) => events.menusNotLookedUp({ error }))
    return outcome
  }

  return { programs, publish }
}

/** Compiles a menu folder and puts it in force, unless it is wrong or, without `force`, names of the published menus are gone. */
export async function publishFolder(options: {
  readonly database: Database
  readonly folder: string
  readonly market: Market
  readonly by: string
  readonly force: boolean
}): Promise<PublishOutcome> {
  const { database, folder, market, by, force } = options
  const sources = await loadMenuSources(folder)
  const compiled = compileMenus(sources, market)
  if (compiled.kind === 'refused') return compiled
  const { program, warnings } = compiled
  const published = await publishProgram(database, { program, files: Object.keys(sources).length, by }, force)
  if (published.kind === 'refused') return published
  const removed = published.kind === 'published' ? published.removed : []
  return { kind: published.kind, program, problems: [...warnings, ...removed] }
}
