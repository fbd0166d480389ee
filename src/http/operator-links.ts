import type { Express } from 'express'
import type { LinkMode } from '../aggregators/sms-link.ts'
import type { LinkControl } from '../sms/link-control.ts'
import { originRefusal } from './operator-origin.ts'
import { sendProblem } from './problem.ts'

const VERBS: Readonly<Record<string, LinkMode>> = { suspend: 'suspended', drain: 'drained', resume: 'active' }
const BY = /^[\x20-\x7e]{1,100}$/

/**
 * `GET /links`: every link that the settings name, what is wanted of it, and how it is in this process. `POST
 * /links/<name>/{suspend,drain,resume}`, `?by=`: stores what is wanted, which every process does within a second; answers with the
 * same list.
 */
export function addLinkRoutes(app: Express, control: LinkControl): void {
  app.get('/links', async (_request, response) => {
    // What this process knows is worth telling also while the database is away.
    await control.refresh().catch(() => undefined)
    response.json({ links: control.list() })
  })
  app.post('/links/:link/:verb', async (request, response) => {
    const refusal = originRefusal(request, 'Links')
    if (refusal !== null) return sendProblem(response, 403, refusal)
    const mode = VERBS[request.params.verb]
    if (mode === undefined) return sendProblem(response, 404, 'what can be done is suspend, drain and resume')
    const by = typeof request.query.by === 'string' ? request.query.by : 'the operator port'
    if (!BY.test(by)) return sendProblem(response, 400, 'by must be 1 to 100 ASCII characters')
    const stored = await control.order(request.params.link, mode, by).catch(() => null)
    if (stored === null) return sendProblem(response, 503, 'The order is not stored, so nothing changed; try again.')
    const names = control.list().map(({ name }) => name)
    if (!stored) return sendProblem(response, 404, `There is no such link; there are: ${names.join(', ') || 'none'}.`)
    return void response.json({ links: control.list() })
  })
}
