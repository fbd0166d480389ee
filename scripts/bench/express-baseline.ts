import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import { Redis } from 'ioredis'

/**
 * What `bench hop` compares with: an Express 5 handler that parses the form and does one Redis GET and one SET, as most USSD
 * applications are written. Takes the URL of Redis as its argument and prints its port.
 */
const redis = new Redis(process.argv[2] ?? '')
const app = express()
app.disable('x-powered-by')
app.use(express.urlencoded({ extended: false }))
app.post('/ussd', async (request, response) => {
  const { sessionId, text } = request.body as { sessionId: string; text: string }
  const session = (await redis.get(`baseline:${sessionId}`)) ?? ''
  await redis.set(`baseline:${sessionId}`, `${session}|${text}`, 'PX', 600_000)
  response.type('text/plain').send('CON 1 Send money\n2 Pay bill\n3 Balance\n4 Mini statement\n5 My account')
})
const server = createServer(app).listen(0, '127.0.0.1')
await once(server, 'listening')
process.stdout.write(`${(server.address() as AddressInfo).port}\n`)
process.once('SIGTERM', () => {
  server.close()
  server.closeAllConnections()
  redis.disconnect()
})
