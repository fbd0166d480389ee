import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { publishFolder } from '../../src/conversations/menus.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { printProblem } from '../../src/menu/problem.ts'
import { storesHelp, withStores } from './published.ts'
import { sourceHelp, sourceOptions } from './sources.ts'
import type { Verb } from './verb.ts'

export const publish: Verb = {
  name: 'publish',
  summary: 'puts the menus in force on every gateway, without disturbing live sessions',
  help: `[--force] [--by NAME] [--json] [--market KE] [--menus menus]

Compiles the menus and stores them; every gateway and worker takes them up within a second. New dials begin with them, live sessions
go on with the menus they began with. Menus that do not compile, or that lack what the published ones had (E-MIG), change nothing.
  --force    publishes also where screens or variables are gone without was: or removed:
  --by       who publishes, for the list of versions; the name of your user unless stated
  --json     one JSON object: {"outcome": "published" | "unchanged" | "refused", "program", "problems": [...]}
${sourceHelp}
${storesHelp}
  npm run menus -- publish
  npm run menus -- publish --menus ../menus --market UG --by "Grace, ticket 512"
`,
  run,
}

async function run(args: readonly string[]): Promise<number> {
  const options = {
    force: { type: 'boolean', default: false },
    by: { type: 'string', default: userInfo().username },
    json: { type: 'boolean', default: false },
    ...sourceOptions,
  } as const
  const { values } = parseArgs({ args: [...args], options })
  const outcome = await withStores(values.market, ({ database, market }) =>
    publishFolder({ database, market, folder: values.menus, by: values.by, force: values.force }),
  )
  const { kind, problems } = outcome
  const program = outcome.kind === 'refused' ? undefined : outcome.program.hash
  if (values.json) process.stdout.write(`${JSON.stringify({ outcome: kind, program, problems })}\n`)
  else {
    const sources = await loadMenuSources(values.menus)
    for (const problem of problems) process.stderr.write(`${printProblem(problem, sources)}\n`)
    if (kind === 'refused') {
      const gone = problems.every(({ code }) => code === 'E-MIG')
      const cure = gone ? ' Where all of that is meant, --force publishes them.' : ''
      process.stderr.write(`\nNothing was published; the menus in force stay.${cure}\n`)
    } else
      process.stdout.write(
        kind === 'published' ? `Published ${short(program)}.\n` : `${short(program)} is in force already.\n`,
      )
  }
  return kind === 'refused' ? 1 : 0
}

function short(hash = ''): string {
  return hash.slice(0, 12)
}
