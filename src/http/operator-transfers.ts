import type { Express } from 'express'
import type { PartnerStanding } from '../settlement/partners.ts'
import type { TroubledTransfer } from '../settlement/troubled.ts'
import { sendProblem } from './problem.ts'

export type TransferReads = {
  readonly troubled: (limit: number) => Promise<readonly TroubledTransfer[]>
  readonly partners: () => Promise<readonly PartnerStanding[]>
}

const USUAL = 100
const MOST = 1_000

/**
 * `GET /transfers/troubled`, `?limit=`: the transfers that somebody should look at, what people must decide first. `GET /partners`: how it
 * stands with every partner that money is paid to. Reads only; nothing in them names a person.
 */
export function addTransferRoutes(app: Express, reads: TransferReads): void {
  app.get('/transfers/troubled', async ({ query }, response) => {
    const limit = query.limit === undefined ? USUAL : Number(query.limit)
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
      return sendProblem(response, 400, `limit must be a whole number from 1 to ${MOST}`)
    return void response.json({ transfers: await reads.troubled(limit) })
  })
  app.get('/partners', async (_request, response) => void response.json({ partners: await reads.partners() }))
}
