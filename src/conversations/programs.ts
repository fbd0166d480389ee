import type { Queryable } from '../database/database.ts'
import { type Program, programFromJson, programToJson } from '../menu/program.ts'

/** The menu programs of this process: the one that new dials begin with, and those that live sessions began with. */
export type Programs = {
  readonly current: () => Program
  /** The program of a session that began earlier, perhaps in another process; null when nobody has it any more. */
  readonly find: (hash: string) => Promise<Program | null>
}

/** Publishes `program` (once per hash) and serves it to new dials. */
export async function publishProgram(database: Queryable, program: Program): Promise<Programs> {
  await database.query('INSERT INTO menu_program (hash, program) VALUES ($1, $2) ON CONFLICT (hash) DO NOTHING', [
    program.hash,
    programToJson(program),
  ])
  const known = new Map([[program.hash, program]])
  return {
    current: () => program,
    find: async (hash) => {
      const found = known.get(hash)
      if (found !== undefined) return found
      const { rows } = await database.query<{ program: string }>(
        'SELECT program::text FROM menu_program WHERE hash = $1',
        [hash],
      )
      if (rows[0] === undefined) return null
      const loaded = programFromJson(rows[0].program)
      known.set(hash, loaded)
      return loaded
    },
  }
}
