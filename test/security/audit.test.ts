import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AuditEvent,
  auditValueContext,
  commit,
  makeAudit,
  type StoredAuditEvent,
} from '../../src/security/audit.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await createTestDatabase()
})
afterAll(() => store.drop())

const sealer = makeSealer(makeKey(randomBytes(32)))
const audit = makeAudit(makeKey(randomBytes(32)), sealer)

const event = (subject: string, payload: Record<string, string>): AuditEvent => ({
  actor: { kind: 'staff', id: 'officer-7' },
  action: 'subscriber.enrolled',
  subject,
  payload,
})

type Value = { event_id: string; name: string; salt: Buffer; value_sealed: Buffer }

async function stored(subject: string): Promise<{ event: StoredAuditEvent; values: Value[] }> {
  const events = await store.owner.query<StoredAuditEvent>(
    'SELECT id, at, actor_kind, actor_id, action, subject, payload, seal FROM audit_event WHERE subject = $1',
    [subject],
  )
  const found = events.rows[0]
  if (found === undefined) throw new Error('no event')
  const values = await store.owner.query<Value>('SELECT * FROM audit_value WHERE event_id = $1 ORDER BY name', [
    found.id,
  ])
  return { event: found, values: values.rows }
}

describe('the record', () => {
  test('commits with its effect or not at all', async () => {
    const failing = store.app.transaction(async (tx) => {
      await audit.record(tx, event('rolled-back', { name: 'Amina' }))
      throw new Error('no effect')
    })
    await expect(failing).rejects.toThrow('no effect')
    await expect(stored('rolled-back')).rejects.toThrow('no event')
    await store.app.transaction((tx) => audit.record(tx, event('committed', {})))
    expect((await stored('committed')).values).toEqual([])
  })

  test('holds commitments that whoever is handed salt and value can check, and nothing of the value', async () => {
    await audit.record(store.app, event('amina', { number: '+254700000001', name: 'Amina Otieno' }))
    const { event: row, values } = await stored('amina')
    expect(values.map(({ name }) => name)).toEqual(['name', 'number'])
    for (const { event_id, name, salt, value_sealed } of values) {
      const value = sealer.open(value_sealed, auditValueContext(event_id, name))
      expect(commit(salt, name, value)).toBe(row.payload[name])
      expect(commit(salt, name, `${value} `)).not.toBe(row.payload[name])
      expect(commit(randomBytes(32), name, value)).not.toBe(row.payload[name])
    }
    const text = JSON.stringify([row, values.map(({ value_sealed }) => value_sealed.toString('latin1'))])
    expect(text).not.toMatch(/Amina|700000001/)
  })

  test('two events with the same value have different commitments', async () => {
    for (const subject of ['one', 'two']) await audit.record(store.app, event(subject, { language: 'sw' }))
    expect((await stored('one')).event.payload.language).not.toBe((await stored('two')).event.payload.language)
  })

  test('shows an edit of any column to whoever has the key', async () => {
    await audit.record(store.app, event('sealed', { b: '2', a: '1', c: '3' }))
    const { event: row } = await stored('sealed')
    expect(audit.verify(row)).toBe(true)
    const edits: Partial<StoredAuditEvent>[] = [
      { id: '00000000-0000-7000-8000-000000000000' },
      { actor_kind: 'system' },
      { actor_id: 'officer-8' },
      { action: 'subscriber.closed' },
      { subject: 'somebody' },
      { subject: null },
      { payload: { ...row.payload, a: commit(randomBytes(32), 'a', '2') } },
      { payload: {} },
      { seal: Buffer.alloc(32) },
      { seal: Buffer.alloc(0) },
    ]
    for (const edit of edits) expect(audit.verify({ ...row, ...edit })).toBe(false)
    expect(makeAudit(makeKey(randomBytes(32)), sealer).verify(row)).toBe(false)
  })

  test('stays verifiable when a value is erased, and the value is gone', async () => {
    await audit.record(store.app, event('erased', { name: 'Amina Otieno' }))
    await store.owner.query(
      'DELETE FROM audit_value WHERE event_id = (SELECT id FROM audit_event WHERE subject = $1)',
      ['erased'],
    )
    const { event: row, values } = await stored('erased')
    expect(values).toEqual([])
    expect(audit.verify(row)).toBe(true)
  })

  test('a sealed value does not open in another event or field', async () => {
    await audit.record(store.app, event('left', { name: 'Amina' }))
    await audit.record(store.app, event('right', { name: 'Juma' }))
    const [left, right] = [(await stored('left')).values[0], (await stored('right')).values[0]]
    if (left === undefined || right === undefined) throw new Error('no values')
    expect(() => sealer.open(left.value_sealed, auditValueContext(right.event_id, 'name'))).toThrow()
    expect(() => sealer.open(left.value_sealed, auditValueContext(left.event_id, 'number'))).toThrow()
  })

  test('cannot be edited or shortened by the application', async () => {
    for (const statement of [
      `UPDATE audit_event SET action = 'nothing.happened'`,
      'DELETE FROM audit_event',
      'TRUNCATE audit_event CASCADE',
      'DELETE FROM audit_value',
      'UPDATE audit_value SET salt = salt',
      'DELETE FROM terms_acceptance',
      'UPDATE terms_acceptance SET accepted_at = now()',
      'DELETE FROM code_challenge',
      `UPDATE code_challenge SET expires_at = now() + interval '1 day'`,
      'DELETE FROM pin_guard',
      'DELETE FROM credential',
      'DELETE FROM subscriber',
      'DELETE FROM menu_program',
      'UPDATE menu_program SET program = program',
    ]) {
      await expect(store.app.query(statement), statement).rejects.toThrow(/permission denied/)
    }
  })
})
