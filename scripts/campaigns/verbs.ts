import { parseArgs } from 'node:util'
import { createCampaign } from '../../src/sms/campaigns/create.ts'
import { planCampaign } from '../../src/sms/campaigns/plan.ts'
import { type CampaignDetails, findCampaign, listCampaigns, readResults } from '../../src/sms/campaigns/results.ts'
import { type CampaignMove, steerCampaign } from '../../src/sms/campaigns/steer.ts'
import { actorOf, DRAFT_HELP, readDraft } from './draft-options.ts'
import { type CampaignTools, withCampaignTools } from './open.ts'
import { printCampaign, printJson, printList, printPlan, printResults } from './print.ts'

type Verb = (args: readonly string[]) => Promise<number>

export const HELP: string = `npm run campaigns -- <verb> [options]: what many are told by SMS. docs/campaigns.md tells more.

  create    checks a campaign and stores it; nothing is sent before start
  announce  tells everybody on file something about the service: create and start in one
  list      all campaigns, newest first
  show      one campaign: texts, people, pace, progress
  start     begins to send
  pause     holds back what is not with a network yet
  resume    goes on
  cancel    ends it for good; what is not with a network yet is never sent
  results   what became of everybody, and what it cost

  npm run campaigns -- create --by grace --name "Fees from May" --texts fees.yaml --language sw --pace 600 --dry-run
  npm run campaigns -- create --by grace --name "Harvest loan" --list farmers.csv --text "en=Dear {name}, your plot {plot} may …" --otherwise en
  npm run campaigns -- announce --by grace --name "Maintenance" --text "en=Nyota rests on Sunday from 02:00 to 04:00." --otherwise en
  npm run campaigns -- start "Fees from May" --by grace
  npm run --silent campaigns -- results "Fees from May" --json

create and announce:
${DRAFT_HELP}
start, pause, resume, cancel take the name or id of the campaign, and
  --by <name>             who does it, for the audit (required)
all of them
  --json                  one JSON object or array instead of words

Works on the stores of DATABASE_URL with DATA_KEY, AUDIT_KEY, MARKET and QUIET_HOURS; without DATABASE_URL on the local ones of the demo.
Exit codes: 0 done; 1 not done, and nothing was changed; 2 wrong use.
`

export const verbs: Readonly<Record<string, Verb>> = {
  create: (args) => create(args, false),
  announce: (args) => create(args, true),
  list,
  show: (args) => withCampaign(args, showCampaign),
  results: (args) => withCampaign(args, showResults),
  start: (args) => steer('start', args),
  pause: (args) => steer('pause', args),
  resume: (args) => steer('resume', args),
  cancel: (args) => steer('cancel', args),
}

async function create(args: readonly string[], announces: boolean): Promise<number> {
  return withCampaignTools(async (tools) => {
    const asked = await readDraft(args, tools, announces)
    if (asked.kind === 'wrong') return refuse(asked.json, asked.problems)
    const { draft, by, dryRun, json } = asked
    if (dryRun) {
      const planned = await planCampaign(tools.database, tools, draft)
      if (planned.kind === 'bad') return refuse(json, planned.problems)
      if (json) printJson({ outcome: 'checked', ...withoutPeople(planned.plan) })
      else printPlan(planned.plan, tools.market, 'Nothing was stored (--dry-run).')
      return 0
    }
    const created = await createCampaign(tools, draft, actorOf(by))
    if (created.kind === 'bad') return refuse(json, created.problems)
    if (announces) await steerCampaign(tools, created.id, 'start', actorOf(by))
    const outcome = announces ? 'started' : 'created'
    const next = announces
      ? 'It is being sent.'
      : `Send it with: npm run campaigns -- start ${JSON.stringify(draft.name)} --by ${by}`
    if (json) printJson({ outcome, id: created.id, ...withoutPeople(created.plan) })
    else printPlan(created.plan, tools.market, `Stored as ${created.id}. ${next}`)
    return 0
  })
}

function withoutPeople<T extends { readonly listed: unknown }>({ listed: _, ...plan }: T): Omit<T, 'listed'> {
  return plan
}

function refuse(json: boolean, problems: readonly string[]): number {
  if (json) printJson({ outcome: 'refused', problems })
  else process.stderr.write(`Nothing was stored:\n${problems.map((line) => `  ${line}\n`).join('')}`)
  return 1
}

async function list(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean', default: false } } })
  return withCampaignTools(async ({ database }) => {
    const campaigns = await listCampaigns(database)
    if (values.json) printJson(campaigns)
    else printList(campaigns)
    return 0
  })
}

async function showCampaign({ market }: CampaignTools, campaign: CampaignDetails, json: boolean): Promise<number> {
  if (json) printJson(campaign)
  else printCampaign(campaign, market)
  return 0
}

async function showResults({ database }: CampaignTools, campaign: CampaignDetails, json: boolean): Promise<number> {
  const results = await readResults(database, campaign)
  if (json) printJson({ id: campaign.id, name: campaign.name, state: campaign.state, ...results })
  else printResults(campaign, results)
  return 0
}

async function withCampaign(
  args: readonly string[],
  work: (tools: CampaignTools, campaign: CampaignDetails, json: boolean, by: string) => Promise<number>,
): Promise<number> {
  const options = { json: { type: 'boolean', default: false }, by: { type: 'string', default: '' } } as const
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
  const [nameOrId] = positionals
  if (nameOrId === undefined || positionals.length > 1)
    throw new Error('Which campaign? Give its name, in quotes, or its id.')
  return withCampaignTools(async (tools) => {
    const campaign = await findCampaign(tools.database, tools.sealer, nameOrId)
    if (campaign !== null) return work(tools, campaign, values.json, values.by)
    process.stderr.write(`There is no campaign ${nameOrId}; npm run campaigns -- list names them.\n`)
    return 1
  })
}

function steer(move: CampaignMove, args: readonly string[]): Promise<number> {
  return withCampaign(args, async (tools, campaign, json, by) => {
    const outcome = await steerCampaign(tools, campaign.id, move, actorOf(by))
    if (json) printJson({ id: campaign.id, name: campaign.name, ...outcome })
    if (outcome.kind === 'moved') {
      if (!json) process.stdout.write(`${campaign.name} is ${outcome.to}.\n`)
      return 0
    }
    const state = outcome.kind === 'not_possible' ? outcome.state : 'gone'
    if (!json) process.stderr.write(`${campaign.name} is ${state}, so it cannot ${move}; nothing was changed.\n`)
    return 1
  })
}
