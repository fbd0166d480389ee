import type { Express } from 'express'
import type { PartnerControl, PartnerMode } from '../security/partner-control.ts'
import { originRefusal } from './operator-origin.ts'
import { sendProblem } from './problem.ts'

const VERBS: Readonly<Record<string, PartnerMode>> = { stop: 'stopped', resume: 'active' }
const BY = /^[\x20-\x7e]{1,100}$/

/**
 * `GET /trust`: every partner that dialogues and callbacks come from, and what is wanted of it. `POST /trust/<partner>/{stop,resume}`,
 * `?by=`: stores what is wanted, with its row on record, which every process does within a second; answers with the same list.
 */
export function addPartnerRoutes(app: Express, control: PartnerControl): void {
  app.get('/trust', async (_request, response) => {
    // What this process knows is worth telling also while the database is away.
    await control.refresh().catch(() => undefined)
    response.json({ partners: control.list() })
  })
  app.post('/trust/:partner/:verb', async (request, response) => {
    const refusal = originRefusal(request, 'Partners')
    if (refusal !== null) return sendProblem(response, 403, refusal)
    const mode = Object.hasOwn(VERBS, request.params.verb) ? VERBS[request.params.verb] : undefined
    if (mode === undefined) return sendProblem(response, 404, 'what can be done is stop and resume')
    const by = typeof request.query.by === 'string' ? request.query.by : 'the operator port'
    if (!BY.test(by)) return sendProblem(response, 400, 'by must be 1 to 100 ASCII characters')
    const stored = await control.order(request.params.partner, mode, by).catch(() => null)
    if (stored === null) return sendProblem(response, 503, 'The order is not stored, so nothing changed; try again.')
    const names = control.list().map(({ partner }) => partner)
    if (!stored) return sendProblem(response, 404, `There is no such partner; there are: ${names.join(', ')}.`)
    return void response.json({ partners: control.list() })
  })
}
