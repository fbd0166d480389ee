import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import type { Menus } from '../conversations/menus.ts'
import type { PartnerControl } from '../security/partner-control.ts'
import type { LinkControl } from '../sms/link-control.ts'
import { type Check, checkHealth } from './health.ts'
import { type AuditLog, addAuditRoutes } from './operator-audit.ts'
import { addLinkRoutes } from './operator-links.ts'
import { addMenuRoutes } from './operator-menus.ts'
import { addPartnerRoutes } from './operator-partners.ts'
import { addTransferRoutes, type TransferReads } from './operator-transfers.ts'
import { sendProblem } from './problem.ts'

export type RunningServer = { readonly port: number; readonly stop: (graceMs: number) => Promise<void> }

/** A header block or a body that takes longer belongs to nobody who means well. */
const REQUEST_TIMEOUT_MS = 10_000

const IDLE_SWEEP_MS = 50
const READY_FOR_MS = 1_000

/** Longer than load balancers keep theirs, so that they close first. */
const KEEP_ALIVE_MS = 65_000

/** The public side: callbacks by their own lane, `/livez` and `/readyz` by Express. */
export function startPublicServer(options: {
  port: number
  host: string
  lane: (request: IncomingMessage, response: ServerResponse) => boolean
  checks: readonly Check[]
}): Promise<RunningServer> {
  const app = bareExpress()
  app.get('/livez', (_request, response) => void response.type('text').send('ok\n'))
  const health = shared(() => checkHealth(options.checks), READY_FOR_MS)
  app.get('/readyz', async (_request, response) => {
    const found = await health()
    response.status(found.ready ? 200 : 503).json(found)
  })
  closeWith404(app)
  return listen((request, response) => void (options.lane(request, response) || app(request, response)), options)
}

/**
 * The operator's side: metrics for Prometheus and a page that one can read at three in the morning. `inspect`: what a live dialogue
 * holds; null outside development, and then there is no such path.
 */
export function startOperatorServer(options: {
  port: number
  host: string
  metrics: () => Promise<{ contentType: string; text: string }>
  status: () => Promise<string>
  menus: Menus
  links: LinkControl
  trust: PartnerControl
  transfers: TransferReads
  audit: AuditLog
  inspect: ((aggregator: string, sessionId: string) => Promise<object | null>) | null
}): Promise<RunningServer> {
  const app = bareExpress()
  app.get('/metrics', async (_request, response) => {
    const { contentType, text } = await options.metrics()
    response.setHeader('Content-Type', contentType)
    response.send(text)
  })
  app.get('/status', async (_request, response) => void response.type('text').send(await options.status()))
  addMenuRoutes(app, options.menus)
  addLinkRoutes(app, options.links)
  addPartnerRoutes(app, options.trust)
  addTransferRoutes(app, options.transfers)
  addAuditRoutes(app, options.audit)
  const { inspect } = options
  if (inspect !== null) {
    app.get('/sessions/:aggregator/:session', async ({ params }, response) => {
      const found = await inspect(params.aggregator, params.session)
      if (found === null) sendProblem(response, 404)
      else response.json(found)
    })
  }
  closeWith404(app)
  return listen(app, options)
}

/** One run for all who ask within `forMs`: anybody may ask, and the checks share the hops' connections. */
function shared<T>(run: () => Promise<T>, forMs: number): () => Promise<T> {
  let last: { readonly result: Promise<T>; readonly atMs: number } | null = null
  return () => {
    if (last === null || performance.now() - last.atMs > forMs) last = { result: run(), atMs: performance.now() }
    return last.result
  }
}

function bareExpress(): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  return app
}

function closeWith404(app: Express): void {
  app.use((_request: Request, response: Response) => sendProblem(response, 404))
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) =>
    isUnreadable(error) ? sendProblem(response, 400, 'the path cannot be read') : sendProblem(response, 503),
  )
}

/** Express' own word for percent signs that encode nothing. */
function isUnreadable(error: unknown): boolean {
  return error instanceof URIError || (error instanceof Error && 'status' in error && error.status === 400)
}

async function listen(
  listener: RequestListener,
  { port, host }: { port: number; host: string },
): Promise<RunningServer> {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    listener,
  )
  let stopping = false
  // A busy kept-alive connection would hold up the stop for as long as its owner likes.
  server.prependListener('request', (_request, response) => {
    if (stopping) response.setHeader('Connection', 'close')
  })
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    stop: (graceMs) => {
      stopping = true
      return stop(server, graceMs)
    },
  }
}

/** Lets running requests finish for at most `graceMs`. */
async function stop(server: Server, graceMs: number): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  const idle = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS)
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
  clearInterval(idle)
}
