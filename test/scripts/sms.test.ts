import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer } from '../../scripts/sms/answer.ts'
import { readOptions } from '../../scripts/sms/options.ts'
import { wordsOf } from '../../scripts/sms/words.ts'
import type { Database } from '../../src/database/database.ts'
import { Secret } from '../../src/domain/secret.ts'
import { auditValueContext, makeAudit, type StoredAuditEvent } from '../../src/security/audit.ts'
import { makeKey } from '../../src/security/keys.ts'
import { deliverSms } from '../../src/sms/deliver.ts'
import { storeIncomingSms } from '../../src/sms/inbox.ts'
import { AMINA, JUMA, makeLink, makeWorld, refusing, type SmsWorld } from '../sms/world.ts'
import { type CommandRun, runCommandLine } from '../support/run-command.ts'

let world: SmsWorld
let receipt: string
let code: string
const [data, audit] = [Buffer.alloc(32, 1), Buffer.alloc(32, 3)]

beforeAll(async () => {
  world = await makeWorld()
  world.services.links = [
    makeLink('mno1', { prefixes: ['254'], script: refusing('ESME_RSYSERR', true) }),
    makeLink('mno2', { script: () => ({ kind: 'accepted', providerIds: ['a1', 'a2'], segments: 2 }) }),
  ]
  receipt = (await world.enqueue({ body: { kind: 'text', text: `canary ${'x'.repeat(200)}` } })).id
  code = (await world.enqueue({ body: { kind: 'code', challengeId: 'c', text: 'Your code is {code}.' } })).id
  await deliverSms(world.services, receipt)
  await world.report({ providerId: 'a2', link: 'mno2', state: 'failed', reason: 'UNDELIV err:045' })
  await world.report({ providerId: 'orphan', link: 'mno2', to: JUMA })
  for (const [number, text] of ['BAL 12345 ', 'canary'].entries()) {
    const part = { reference: 1, total: 2, number: number + 1 }
    const message = { link: 'mno1', id: null, from: JUMA, to: '22384', text: new Secret(text), part }
    await world.db.app.transaction((tx) => storeIncomingSms(tx, world.services.sealer, message))
  }
})
afterAll(() => world.db.drop())

/** The whole command, as a process. */
function runSms(args: readonly string[], change: NodeJS.ProcessEnv = {}): Promise<CommandRun> {
  const env = {
    DATABASE_URL: world.db.url,
    DATA_KEY: data.toString('base64'),
    AUDIT_KEY: audit.toString('base64'),
    ...change,
  }
  return runCommandLine('sms', args, env)
}

/** What the command would print. */
async function sms(args: readonly string[]): Promise<string> {
  const read = readOptions(args)
  if (read.kind !== 'options') throw new Error(read.kind)
  const { question, json } = read.options
  const { sealer, database } = world.services
  const reader = { sealer, audit: makeAudit(makeKey(audit), sealer), by: 'wanjiru' }
  const found = await answer(database as Database, reader, question)
  return json ? JSON.stringify(found) : wordsOf(found)
}

async function auditEvents(): Promise<StoredAuditEvent[]> {
  return (await world.db.app.query<StoredAuditEvent>('SELECT * FROM audit_event ORDER BY id')).rows
}

describe('npm run sms', () => {
  test('shows a message’s history: times, attempts, links, parts, states, reasons and segments, and neither number nor text', async () => {
    const run = await runSms(['history', receipt])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.stdout.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')).toBe(
      [
        `${receipt}  failed`,
        '  reports fact-1, priority receipt, to no subscriber',
        '  written TIME, of use until TIME',
        '  attempt 1 over mno1: refused (ESME_RSYSERR), 2 segments',
        '  attempt 2 over mno2: accepted, 2 segments',
        '    part 1 a1: sent',
        '    part 2 a2: failed (UNDELIV err:045)',
        '  TIME  queued',
        '  TIME  attempted attempt 1, over mno1',
        '  TIME  refused   attempt 1, over mno1 (ESME_RSYSERR)',
        '  TIME  attempted attempt 2, over mno2',
        '  TIME  accepted  attempt 2, over mno2',
        '  TIME  failed    attempt 2, part 2, over mno2 (UNDELIV err:045)',
        '',
      ].join('\n'),
    )
    expect(await auditEvents()).toEqual([])
  })

  test('shows the latest to a phone, as JSON too', async () => {
    const printed = await sms(['history', AMINA, '--json', '--limit', '1'])
    const { messages } = JSON.parse(printed)
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatchObject({ id: code, state: 'queued', attempts: [], events: [{ kind: 'queued' }] })
    expect(printed).not.toMatch(/code is|254700/)
  })

  test('shows what came from a phone, and reports without a message', async () => {
    const inbox = await sms(['inbox', JUMA])
    expect(inbox).toMatch(/Z {2}[0-9a-f-]{36} {2}to 22384 over mno1, 2 parts\n$/)
    const unmatched = await sms(['unmatched'])
    expect(unmatched).toMatch(/Z {2}mno2 {2}orphan {2}delivered\n$/)
    expect(inbox + unmatched).not.toMatch(/canary|254700/)
  })

  test('shows texts on request, never a code or a digit of an incoming one, and says so in the audit record', async () => {
    const before = (await auditEvents()).length
    const history = await sms(['history', AMINA, '--text'])
    expect(history).toContain('"canary xxx')
    expect(history).toContain('"Your code is ******."')
    const inbox = await sms(['inbox', JUMA, '--text', '--json'])
    expect(JSON.parse(inbox)).toMatchObject({ messages: [{ text: 'BAL ***** canary' }] })
    const [first, second, ...more] = (await auditEvents()).slice(before)
    expect(more).toEqual([])
    expect([first, second]).toEqual([
      expect.objectContaining({ actor_kind: 'staff', actor_id: 'wanjiru', action: 'sms.read' }),
      expect.objectContaining({ actor_kind: 'staff', action: 'sms.read' }),
    ])
    if (first === undefined) throw new Error('not recorded')
    const { sealer } = world.services
    expect(makeAudit(makeKey(audit), sealer).verify(first)).toBe(true)
    const { rows } = await world.db.app.query<{ name: string; value_sealed: Buffer }>(
      'SELECT name, value_sealed FROM audit_value WHERE event_id = $1',
      [first.id],
    )
    const values = rows.map(({ name, value_sealed }) => [
      name,
      sealer.open(value_sealed, auditValueContext(first.id, name)),
    ])
    expect(Object.fromEntries(values)).toEqual({ from: 'outbox', number: AMINA, messages: `${code} ${receipt}` })
  })

  test('shows no text where the record of it cannot be written', async () => {
    const run = await runSms(['history', receipt, '--text'], { AUDIT_KEY: '' })
    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toContain('AUDIT_KEY is missing')
  })

  test('says when nothing was found', async () => {
    expect(await runSms(['inbox', '+254700000999'])).toMatchObject({ code: 1, stdout: '', stderr: 'Nothing found.\n' })
    expect(readOptions(['--help'])).toEqual({ kind: 'help' })
  })
})

describe('options', () => {
  test.each<[string, string[], string]>([
    ['nothing', [], 'Say history, inbox or unmatched'],
    ['an unknown verb', ['delete', AMINA], 'There is no verb "delete"'],
    ['a number as people write it', ['history', '0712345678'], 'in international form'],
    ['half an id', ['history', '01890a5d'], 'the id of a message'],
    ['an inbox of an id', ['inbox', '01890a5d-ac96-774b-bcce-b302099a8057'], 'in international form'],
    ['unmatched reports of somebody', ['unmatched', AMINA], 'unmatched takes no number'],
    ['the text of a report', ['unmatched', '--text'], 'has no text'],
    ['no limit', ['unmatched', '--limit', '0'], '--limit is a number'],
    ['two numbers', ['inbox', AMINA, JUMA], 'at a time'],
    ['an unknown option', ['unmatched', '--pin'], "Unknown option '--pin'"],
  ])('%s is wrong use', (_, args, words) => {
    const read = readOptions(args)
    expect(read).toMatchObject({ kind: 'wrong', sentence: expect.stringContaining(words) })
    expect(read).toMatchObject({ sentence: expect.stringContaining('--help') })
  })
})
