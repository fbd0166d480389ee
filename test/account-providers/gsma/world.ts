import { createServer } from 'node:http'
import { FAKE_GSMA_KEY, type FakeGsma, startFakeGsma } from '../../../scripts/fakes/gsma.ts'
import { listen } from '../../../scripts/fakes/listen.ts'
import type { Movement, ProviderCallback } from '../../../src/account-providers/account-provider.ts'
import type { GsmaSettings } from '../../../src/account-providers/gsma/settings.ts'
import { type TransferId, uuidv7 } from '../../../src/domain/ids.ts'
import { Secret } from '../../../src/domain/secret.ts'

const CALLBACK_KEY = 'canary-callback-key'

/** Long enough for an answer on a busy machine. */
const TIMEOUT_MS = 5_000

/** The fake provider, and somebody who keeps what it calls back with. */
export type GsmaWorld = {
  readonly fake: FakeGsma
  settings(flow: GsmaSettings['flow'], changes?: Partial<GsmaSettings>): GsmaSettings
  /** By the reference in their path, oldest first. */
  callbacks(reference: string): ProviderCallback[]
  close(): Promise<void>
}

export async function openGsmaWorld(): Promise<GsmaWorld> {
  const fake = await startFakeGsma(0)
  const heard: { reference: string; callback: ProviderCallback }[] = []
  const sink = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      text += chunk
    })
    request.on('end', () => {
      const reference = request.url?.split('/').at(-1) ?? ''
      const correlationId = String(request.headers['x-correlationid'])
      heard.push({ reference, callback: { correlationId, body: JSON.parse(text) } })
      response.writeHead(204).end()
    })
  })
  const port = await listen(sink, 0, '127.0.0.1')
  return {
    fake,
    settings: (flow, changes = {}) => ({
      ...{ id: `gsma-${flow}`, name: 'Wave', baseUrl: fake.url, clientId: 'nyota', apiKey: new Secret(FAKE_GSMA_KEY) },
      account: { type: 'organisationid', value: 'nyota' },
      flow,
      callback: flow === 'callback' ? { url: `http://127.0.0.1:${port}`, key: new Secret(CALLBACK_KEY) } : null,
      timeoutMs: TIMEOUT_MS,
      ...changes,
    }),
    callbacks: (reference) => heard.filter((each) => each.reference === reference).map(({ callback }) => callback),
    async close() {
      await fake.close()
      sink.closeAllConnections()
      await new Promise((resolve) => sink.close(resolve))
    },
  }
}

export const newReference = (): TransferId => uuidv7() as TransferId

/** KES 50 of Amina's. */
export function movementOf(reference: TransferId, partnerReference?: string): Movement {
  const account = { type: 'msisdn', value: '+254700000001' } as const
  const movement = { reference, account, amount: 5_000n, currency: 'KES' } as const
  return partnerReference === undefined ? movement : { ...movement, partnerReference }
}
