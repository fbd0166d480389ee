import { actions } from '../actions/registry.ts'
import { aggregatorNames } from '../aggregators/registry.ts'
import type { Database, Queryable } from '../database/database.ts'
import type { Market } from '../domain/market.ts'
import { findRemoved } from '../menu/changes.ts'
import { buildOf, type Compilation, compile, type MenuSources } from '../menu/compile.ts'
import type { Problem } from '../menu/problem.ts'
import { type Program, programFromJson, programToJson } from '../menu/program.ts'
import { messageContracts, messageSegments } from '../sms/message-contracts.ts'
import { keywords } from './keywords/registry.ts'

const contracts = [...actions.values()].map(({ contract }) => contract)
const keywordContracts = [...keywords.values()].map(({ contract }) => contract)

/** What this build of the gateway can run: programs that were compiled for the same engine, actions and messages. */
export const BUILD: string = buildOf(contracts, messageContracts, keywordContracts)

/** What was compiled last, and from what: a process is asked for the same files again by publications, and by each gateway of a test. */
let last: { readonly from: string; readonly compilation: Compilation } | null = null

/** Compiles menu files for the actions and messages of this build. */
export function compileMenus(sources: MenuSources, market: Market): Compilation {
  const from = JSON.stringify([market.code, sources])
  if (last?.from !== from) {
    const others = [aggregatorNames, keywordContracts, messageSegments] as const
    last = { from, compilation: compile(sources, contracts, messageContracts, market, ...others) }
  }
  return last.compilation
}

/** What is put in force, and who did it: a name for people who read the list of versions. */
export type Edition = { readonly program: Program; readonly files: number; readonly by: string }

export type Published =
  | { readonly kind: 'published'; readonly removed: readonly Problem[] }
  /** They are in force already. */
  | { readonly kind: 'unchanged' }
  /** Something of the published menus is gone without a word (E-MIG); nothing was stored. */
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }

/** Any number, the same in every process that publishes: the name of the advisory lock. */
const ADVISORY_LOCK = 384_021_118

/** Puts menus in force for new dials on every process. `force`: also where screens or variables are gone without a word. */
export function publishProgram(database: Database, edition: Edition, force: boolean): Promise<Published> {
  const { program } = edition
  return alone(database, async (tx): Promise<Published> => {
    if ((await newestHash(tx, program.market, BUILD)) === program.hash) return { kind: 'unchanged' }
    const removed = await removedSince(tx, program)
    if (removed.length > 0 && !force) return { kind: 'refused', problems: removed }
    await insert(tx, edition)
    return { kind: 'published', removed }
  })
}

/**
 * Puts the files of a process that starts in force where they were never seen before, or where nothing is in force for its build. Files
 * that are known are old: somebody has published others since, and a restart must not take that back.
 */
export function publishAtStart(
  database: Database,
  edition: Edition,
): Promise<{ readonly kind: 'published' | 'kept'; readonly removed: readonly Problem[]; readonly hash: string }> {
  const { program } = edition
  return alone(database, async (tx) => {
    const newest = await newestHash(tx, program.market, BUILD)
    const known = await tx.query('SELECT FROM menu_program WHERE hash = $1', [program.hash])
    if (newest !== null && known.rowCount > 0) return { kind: 'kept', removed: [], hash: newest }
    const removed = await removedSince(tx, program)
    await insert(tx, edition)
    return { kind: 'published', removed, hash: program.hash }
  })
}

/** The hash of the menus in force; null where none were published. `build` null: for whatever build. */
export async function newestHash(database: Queryable, market: Market, build: string | null): Promise<string | null> {
  const { rows } = await database.query<{ hash: string }>({
    name: 'newest-menus',
    text: `SELECT hash FROM menu_publication WHERE market = $1 AND ($2::text IS NULL OR build = $2) ORDER BY id DESC LIMIT 1`,
    values: [market.code, build],
  })
  return rows[0]?.hash ?? null
}

/** A stored program; null where there is none. */
export async function loadProgram(database: Queryable, hash: string): Promise<Program | null> {
  const { rows } = await database.query<{ program: string }>('SELECT program::text FROM menu_program WHERE hash = $1', [
    hash,
  ])
  return rows[0] === undefined ? null : programFromJson(rows[0].program)
}

async function removedSince(tx: Queryable, program: Program): Promise<readonly Problem[]> {
  const before = await newestHash(tx, program.market, null)
  const published = before === null ? null : await loadProgram(tx, before)
  return published === null ? [] : findRemoved(published, program)
}

async function insert(tx: Queryable, { program, files, by }: Edition): Promise<void> {
  await tx.query('INSERT INTO menu_program (hash, program) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING', [
    program.hash,
    programToJson(program),
  ])
  const languages = program.languages.map(({ code }) => code)
  const source = { files, screens: Object.keys(program.screens).length, languages }
  await tx.query(
    'INSERT INTO menu_publication (market, build, hash, published_by, source) VALUES ($1, $2, $3, $4, $5)',
    [program.market.code, BUILD, program.hash, by, JSON.stringify(source)],
  )
}

/** One publication at a time, so that each is compared with the one before it and ids are in the order of commits. */
function alone<T>(database: Database, work: (tx: Queryable) => Promise<T>): Promise<T> {
  return database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCK])
    return work(tx)
  })
}
