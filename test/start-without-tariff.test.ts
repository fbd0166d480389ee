import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { startApp } from '../src/app.ts'
import { bringTariffs } from '../src/ledger/load-tariffs.ts'
import { listTariffs } from '../src/ledger/stored-tariffs.ts'
import { readSettings } from '../src/settings.ts'
import { createTestDatabase } from './support/database.ts'
import { needsRedis } from './support/needs.ts'
import { createTestRedis } from './support/redis.ts'
import { marketOf } from './support/tariffs.ts'

needsRedis()

const key = (): string => randomBytes(32).toString('base64')

test('a gateway that finds no tariff in force does not start; with the owner’s connection it loads one, and then needs it no more', async () => {
  const [database, redis] = await Promise.all([createTestDatabase(), createTestRedis()])
  const env = {
    ...{ MARKET: 'KE', SERVICE_CODES: '*384#', HOST: '127.0.0.1', PORT: '0', OPERATOR_PORT: '0', LOG_LEVEL: 'error' },
    ...{ PIN_KEY: key(), OTP_KEY: key(), SESSION_KEY: key(), DATA_KEY: key(), AUDIT_KEY: key() },
    ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, REDIS_PREFIX: redis.prefix, ROLES: 'gateway' },
    AFRICASTALKING_CALLBACK_KEY: 'demo',
  }
  const start = async (more: Record<string, string> = {}): Promise<void> => {
    const read = readSettings({ ...env, ...more })
    if (read.kind === 'bad') throw new Error(read.problems.join('\n'))
    const app = await startApp(read.settings, new Writable({ write: (_chunk, _encoding, done) => done() }))
    await app.stop()
  }
  const versions = async (): Promise<string[]> => (await listTariffs(database.app, 'KES')).map(({ version }) => version)

  await expect(start()).rejects.toThrow('No tariff of KE is in force; load one with MARKET=KE npm run migrate')
  await bringTariffs(database.owner, marketOf('UG'), null)
  await expect(start()).rejects.toThrow('No tariff of KE is in force')
  await start({ DATABASE_OWNER_URL: database.ownerUrl })
  expect(await versions()).toEqual(['KE-2025-3'])
  await start()
  await database.drop()
})
