import { markets } from '../../src/domain/markets.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Json } from '../../src/menu/contract.ts'
import type { MenuEvent } from '../../src/menu/event.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import type { Program } from '../../src/menu/program.ts'
import { begin, type MenuSession } from '../../src/menu/session.ts'
import { sessionFromJson, sessionToJson } from '../../src/menu/session-json.ts'
import { step } from '../../src/menu/step.ts'
import { compileFor } from '../menus/sources.ts'
import { median } from './load.ts'

const AIM_US = 50
const ROUNDS = 15
const STEPS_A_ROUND = 4_000

/** What somebody does who sends money, pays a bill and looks at the account, each action with the outcome that leads on. */
const events: readonly MenuEvent[] = [
  open(),
  typed('1'),
  typed('0700000002'),
  ended('found', { payee: '01a20918-e10e-73bf-aa63-15164ccb95aa', name: 'Juma K.' }),
  typed('nonsense'),
  typed('500'),
  ended('quoted', { quote: ['01a20918-f95a-7336-a7f7-8678ee351529', 'send'], fee: '700', total: '50700' }),
  typed('0'),
  typed('00'),
  typed('2'),
  ended('ok', { billers: Array.from({ length: 12 }, (_, n) => ({ id: `biller-${n}`, name: `Biller ${n}` })) }),
  typed('98'),
  typed('0'),
  typed('1'),
  typed('00'),
  typed('5'),
  typed('4'),
]

/**
 * The time of one step of the shipped menus, of every kind that a dialogue has, beside reading a session from JSON and writing it back,
 * which a hop needs in any case.
 */
export async function benchStep(): Promise<boolean> {
  const program = await shipped()
  const walk = walkOf(program)
  process.stdout.write(`bench step: ${ROUNDS} rounds of ${STEPS_A_ROUND} steps, ${walk.length} different ones\n`)
  const times: { stepUs: number; jsonUs: number }[] = []
  for (let round = -3; round < ROUNDS; round++) {
    const stepUs = timed(walk, ({ session, event }) => step(program, session, event))
    const jsonUs = timed(walk, ({ session }) => sessionFromJson(JSON.parse(JSON.stringify(sessionToJson(session)))))
    // The first rounds are the compiler's.
    if (round >= 0) times.push({ stepUs, jsonUs })
  }
  const [stepUs, jsonUs] = [median(times.map((time) => time.stepUs)), median(times.map((time) => time.jsonUs))]
  const met = stepUs < AIM_US
  process.stdout.write(
    `  step ${stepUs.toFixed(1)} us, a session through JSON and back ${jsonUs.toFixed(1)} us, ratio ${(stepUs / jsonUs).toFixed(2)}\n` +
      `a step takes ${stepUs.toFixed(1)} us (aim: under ${AIM_US}): ${met ? 'met' : 'NOT met'}\n`,
  )
  return met
}

type Stage = { readonly session: MenuSession; readonly event: MenuEvent }

/** Every event at the session that it meets; throws where the menus have changed so that one no longer fits. */
function walkOf(program: Program): Stage[] {
  const facts = {
    status: 'active',
    name: 'Amina Otieno',
    firstName: 'Amina',
    number: '+254700000001' as Msisdn,
  } as const
  let session = begin(program, { language: 'en', facts })
  return events.map((event) => {
    if ((event.kind === 'outcome') !== (session.state === 'running'))
      throw new Error(`the menus have changed: ${event.kind} does not fit at ${session.frames.at(-1)?.at}`)
    const stage = { session, event }
    session = step(program, session, event).session
    return stage
  })
}

function timed(walk: readonly Stage[], work: (stage: Stage) => unknown): number {
  const from = performance.now()
  let done = 0
  for (; done < STEPS_A_ROUND; ) {
    for (const stage of walk) work(stage)
    done += walk.length
  }
  return ((performance.now() - from) * 1000) / done
}

async function shipped(): Promise<Program> {
  const market = markets.get('KE')
  if (market === undefined) throw new Error('the market of the benchmarks is gone')
  const result = compileFor(market, await loadMenuSources('menus'))
  if (result.kind === 'refused') throw new Error('the menus do not compile; npm run menus -- check says why')
  return result.program
}

function open(): MenuEvent {
  return { kind: 'open', atMs: 0, dialled: [] }
}

function typed(answer: string): MenuEvent {
  return { kind: 'input', atMs: 0, input: new Secret(answer) }
}

function ended(outcome: string, values: Record<string, Json>): MenuEvent {
  return { kind: 'outcome', atMs: 0, outcome, values, rest: [] }
}
