import { randomInt } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DemoPerson, demoPeople } from '../../scripts/demo/people.ts'
import { dialAnew, makeAfricasTalkingClient, type UssdSession } from '../../scripts/dialogues/client.ts'
import { Secret } from '../../src/domain/secret.ts'
import { pinWeakness } from '../../src/subscribers/pin-rules.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

const { juma } = demoPeople

let world: TestGateway
let amina: DemoPerson
let baraka: DemoPerson
let monitor: Socket
/** Every command that anybody sent to Redis. */
const commands: string[] = []
/** Everything secret that was typed or sent. */
const canaries = new Map<string, string>()

/** Above every port that a connection is given (Linux: 32768 to 60999), which stand in logs. */
function freshPin(number: string): string {
  for (;;) {
    const pin = String(randomInt(61_000, 100_000))
    const plan = { countryCode: '254', trunkPrefix: '0', nationalLength: 9, mobilePrefixes: ['7', '1'] }
    if (pinWeakness(new Secret(pin), 5, number as never, plan) === null && ![...canaries.values()].includes(pin))
      return pin
  }
}

function canary(what: string, secret: string): string {
  canaries.set(what, secret)
  return secret
}

beforeAll(async () => {
  amina = { ...demoPeople.amina, pin: canary('Amina’s first PIN', freshPin(demoPeople.amina.number)) }
  baraka = { ...demoPeople.baraka, answer: canary('the answer', `Zebra${randomInt(1e9)}`) }
  world = await startTestGateway({ people: [amina, juma, baraka] })
  monitor = watchRedis(world.redis.url)
})
afterAll(async () => {
  monitor?.destroy()
  await world?.stop()
})

/** Redis' own MONITOR on a bare socket: every command to our database, as it was sent. */
function watchRedis(url: string): Socket {
  const { hostname, port, password, pathname } = new URL(url)
  const socket = connect(Number(port), hostname)
  if (password !== '') socket.write(`AUTH ${password}\r\n`)
  socket.write('MONITOR\r\n')
  const ours = `[${pathname.slice(1) || '0'} `
  socket.on('data', (chunk) =>
    commands.push(
      ...String(chunk)
        .split('\r\n')
        .filter((line) => line.includes(ours))
        // The time and the client's port before it are five and six digits too.
        .map((line) => line.slice(line.indexOf('] ') + 2)),
    ),
  )
  return socket
}

const dial = (from: string): Promise<UssdSession> =>
  dialAnew(makeAfricasTalkingClient({ url: world.url, key: 'demo' }, 'thrice'), from)

async function type(session: UssdSession, ...inputs: string[]): Promise<string> {
  for (const input of inputs) await session.answer(input)
  return session.body()
}

async function codeSentTo(number: string, count: number): Promise<string> {
  const messages = await world.network.waitForMessages(number, count)
  return /\b\d{6}\b/.exec(messages.at(-1)?.text ?? '')?.[0] ?? ''
}

/** All that is stored, as text. */
async function postgresDump(): Promise<string> {
  const { rows } = await world.database.owner.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  )
  const tables = await Promise.all(
    rows.map(async ({ name }) => {
      const found = await world.database.owner.query<{ line: string }>(`SELECT t::text AS line FROM ${name} t`)
      return found.rows.map(({ line }) => `${name} ${line}`)
    }),
  )
  return tables.flat().join('\n')
}

async function redisDump(): Promise<string> {
  const redis = new Redis(world.redis.url)
  const lines: string[] = [...commands]
  for (const key of await redis.keys('*')) {
    const reads: Record<string, () => Promise<unknown>> = {
      string: () => redis.getBuffer(key).then((value) => value?.toString('latin1')),
      hash: () => redis.hgetall(key),
      list: () => redis.lrange(key, 0, -1),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, 0, -1),
      stream: () => redis.xrange(key, '-', '+'),
    }
    lines.push(`${key} ${JSON.stringify(await reads[await redis.type(key)]?.())}`)
  }
  redis.disconnect()
  return lines.join('\n')
}

/** A secret stands somewhere when it stands there as a word of its own: five digits inside a longer number are chance. */
function found(haystack: string): string[] {
  return [...canaries].flatMap(([what, secret]) =>
    new RegExp(`(?<![0-9a-zA-Z])${secret}(?![0-9a-zA-Z])`, 'i').test(haystack) ? [what] : [],
  )
}

test('after whole journeys no PIN, code or answer is in a log, in Redis, in PostgreSQL or in a metric', async () => {
  const first = amina.pin ?? ''
  expect(await type(await dial(amina.number), '1', juma.number, '500', first)).toMatch(/^END Sent KES 500/)
  expect(await type(await dial(amina.number), '3', canary('a wrong PIN', freshPin(amina.number)))).toMatch(
    /^CON Wrong PIN/,
  )
  expect(await type(await dial(amina.number), '2', '1', '12345678901', '300', first)).toMatch(/^END Paid KES 300/)
  const second = canary('Amina’s second PIN', freshPin(amina.number))
  expect(await type(await dial(amina.number), '5', '1', first, second, second)).toMatch(/^END Your PIN is changed/)
  expect(await type(await dial(amina.number), '4', second)).toMatch(/^CON Last transactions/)

  const activation = await dial(baraka.number)
  const code = canary('the activation code', await codeSentTo(baraka.number, 1))
  await activation.answer(canary('a wrong code', String((Number(code) + 1) % 1_000_000).padStart(6, '0')))
  const chosen = canary('Baraka’s first PIN', freshPin(baraka.number))
  expect(await type(activation, code, '1', chosen, chosen)).toMatch(/^END Your account is ready/)
  const before = (await world.network.waitForMessages(baraka.number, 2)).length
  const forgotten = await dial(baraka.number)
  await type(forgotten, '5', '5')
  const reset = canary('the reset code', await codeSentTo(baraka.number, before + 1))
  const renewed = canary('Baraka’s second PIN', freshPin(baraka.number))
  expect(await type(forgotten, reset, baraka.answer ?? '', renewed, renewed)).toMatch(/^END Your new PIN is set/)
  const dialled = canary('a PIN in the dialled code', freshPin(amina.number))
  const client = makeAfricasTalkingClient({ url: world.url, key: 'demo' })
  expect((await client.dial(amina.number, `*384*1*0700000002*450*${dialled}#`)).body()).toMatch(
    /^CON Never dial your PIN/,
  )
  const alone = canary('a PIN dialled alone', freshPin(amina.number))
  expect((await client.dial(amina.number, `*384*${alone}#`)).body()).toMatch(/^CON Never dial your PIN/)
  const asked = canary('a PIN dialled for the balance', freshPin(amina.number))
  expect((await client.dial(amina.number, `*384*3*${asked}#`)).body()).toMatch(/^CON Never dial your PIN/)
  const browsed = canary('a PIN dialled past a list', freshPin(amina.number))
  expect((await client.dial(amina.number, `*384*2*1*${browsed}#`)).body()).toMatch(/^CON Never dial your PIN/)
  const misplaced = canary('a PIN dialled for a number', freshPin(amina.number))
  expect((await client.dial(amina.number, `*384*1*${misplaced}#`)).body()).toMatch(/^CON Never dial your PIN/)
  const texted = canary('a PIN in an SMS', freshPin(amina.number))
  await client.post('sms', {
    id: 'sms-1',
    from: amina.number,
    to: '22384',
    text: `SEND 500 ${texted}`,
    date: '2026-11-23',
  })

  const metrics = await (await fetch(`http://127.0.0.1:${world.app.operatorPort}/metrics`)).text()
  const places = { logs: world.logs(), redis: await redisDump(), postgres: await postgresDump(), metrics }
  expect(canaries.size).toBe(15)
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(1000)
    expect(found(text), place).toEqual([])
    // No number is readable either; the last three digits may stand in a log.
    expect(text, place).not.toMatch(/254700000\d{3}/)
  }

  // The search itself works: what is planted is found.
  await world.database.owner.query('CREATE TABLE planted AS SELECT $1::text AS secret', [`1*0700000002*500*${second}`])
  const redis = new Redis(world.redis.url)
  await redis.hset('planted', 'text', `PIN ${chosen}`)
  redis.disconnect()
  expect(found(await postgresDump())).toEqual(['Amina’s second PIN'])
  expect(found(await redisDump())).toEqual(['Baraka’s first PIN'])
  expect(found(`${world.logs()} ${code}`)).toEqual(['the activation code'])
}, 60_000)
