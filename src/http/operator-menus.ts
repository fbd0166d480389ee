import type { Express, Request, Response } from 'express'
import type { Menus } from '../conversations/menus.ts'
import { programToJson } from '../menu/program.ts'
import { sendProblem } from './problem.ts'

/**
 * `GET /menus/program`: the program that new dials begin with. `POST /menus/publish`, `?force=true`: compiles the menu files of this
 * process and puts them in force; 200 with `outcome` and `program`, or 422 with `problems`, and then nothing has changed.
 */
export function addMenuRoutes(app: Express, menus: Menus): void {
  app.get('/menus/program', (_request, response) => {
    response.type('json').send(programToJson(menus.programs.current()))
  })
  app.post('/menus/publish', async (request, response) => {
    const refusal = refusalOf(request)
    if (refusal !== null) return sendProblem(response, 403, refusal)
    const outcome = await menus.publish('the operator port', request.query.force === 'true').catch(sentenceOf)
    if (typeof outcome === 'string') return sendProblem(response, 503, outcome)
    return sendOutcome(response, outcome)
  })
}

function sendOutcome(response: Response, outcome: Awaited<ReturnType<Menus['publish']>>): void {
  const { kind, problems } = outcome
  if (kind !== 'refused') return void response.json({ outcome: kind, program: outcome.program.hash, problems })
  const detail = 'These menus are refused, and those in force stay; the problems say why.'
  response.status(422).type('application/problem+json')
  response.json({ title: 'Menus refused', status: 422, detail, problems })
}

/** Only people on this machine publish, and no page that a browser of theirs happens to show: browsers name where a POST comes from. */
function refusalOf(request: Request): string | null {
  const from = request.socket.remoteAddress ?? ''
  if (!/^(?:::ffff:)?127\.|^::1$/.test(from)) return 'Menus are published from the machine itself.'
  return request.headers.origin === undefined ? null : 'Menus are not published from a page.'
}

function sentenceOf(error: unknown): string {
  return `The menus could not be published: ${error instanceof Error ? error.message : String(error)}`
}
