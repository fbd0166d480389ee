import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

type Compiler = typeof import('../../src/menu/compile.ts')
type Stepper = typeof import('../../src/menu/step.ts')
type Sessions = typeof import('../../src/menu/session.ts')
type SessionJsons = typeof import('../../src/menu/session-json.ts')
type Programs = typeof import('../../src/menu/program.ts')
type Arrivals = typeof import('../../src/conversations/arrival.ts')

/** What the properties speak of, handed to them so that they can be told of a copy with a fault in it. */
export type Engine = Pick<Compiler, 'compile'> &
  Pick<Stepper, 'step'> &
  Pick<Sessions, 'begin'> &
  Pick<SessionJsons, 'sessionToJson' | 'sessionFromJson'> &
  Pick<Programs, 'programToJson' | 'programFromJson'> &
  Pick<Arrivals, 'placeCumulative'>

/** The engine and compiler whose sources stand in this folder, laid out as in `src`. */
export async function engineIn(folder: string): Promise<Engine> {
  const load = async (path: string): Promise<unknown> => import(pathToFileURL(join(folder, path)).href)
  const { compile } = (await load('menu/compile.ts')) as Compiler
  const { step } = (await load('menu/step.ts')) as Stepper
  const { begin } = (await load('menu/session.ts')) as Sessions
  const { sessionToJson, sessionFromJson } = (await load('menu/session-json.ts')) as SessionJsons
  const { programToJson, programFromJson } = (await load('menu/program.ts')) as Programs
  const { placeCumulative } = (await load('conversations/arrival.ts')) as Arrivals
  return { compile, step, begin, sessionToJson, sessionFromJson, programToJson, programFromJson, placeCumulative }
}
