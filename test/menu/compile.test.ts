import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { actions } from '../../src/actions/registry.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { compile, type MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { messagesOf } from '../../src/menu/messages.ts'
import { describeProblem } from '../../src/menu/problem.ts'
import { type Program, programFromJson, programToJson } from '../../src/menu/program.ts'
import { messageContracts as serviceMessages } from '../../src/sms/message-contracts.ts'
import { withoutShortcuts } from '../support/without-shortcuts.ts'
import { compiled, contracts, dial, kenya, menuFolder, messageContracts } from './support.ts'

const small = await loadMenuSources(menuFolder('small'))

/** The small menus with one text replaced by another. */
function changed(file: string, from: string, to: string): MenuSources {
  const source = small[file] ?? ''
  expect(source).toContain(from)
  return { [file]: source.replace(from, to) }
}

test('a program stored and read again is the same program', async () => {
  const program = await compiled()
  expect(programFromJson(programToJson(program))).toEqual(program)
})

test('the same menus have the same hash, whatever the order of files, of actions and whatever the comments', async () => {
  const { hash } = await compiled()
  const reordered = Object.fromEntries(Object.entries(small).reverse())
  const result = compile(reordered, [...contracts].reverse(), messageContracts, kenya)
  expect(result.kind === 'compiled' && result.program.hash).toBe(hash)
  expect((await compiled(changed('main.yaml', 'start: who', '# Who is it?\nstart: who'))).hash).toBe(hash)
})

test('another text, another contract or another market is another program', async () => {
  const { hash } = await compiled()
  const slower = contracts.map((each) => ({ ...each, deadlineMs: 2000 }))
  const compiledWith = (result: ReturnType<typeof compile>): Program | null =>
    result.kind === 'compiled' ? result.program : null
  const hashes = [
    (await compiled(changed('main.yaml', 'Send money', 'Send cash'))).hash,
    compiledWith(compile(small, slower, messageContracts, kenya))?.hash,
    compiledWith(compile(small, contracts, messageContracts, { ...kenya, code: 'UG', currency: 'UGX' }))?.hash,
  ]
  expect(new Set([hash, ...hashes]).size).toBe(4)
  expect(hashes).not.toContain(undefined)
})

test('a character outside GSM-7 makes its screen UCS-2, in which names keep their letters', async () => {
  const program = await compiled({
    ...changed('main.yaml', 'Welcome, {me.number}. You have no account.', 'Wĩ mwega {me.name}'),
    ...changed('languages/sw.yaml', 'Karibu, {me.number}. Huna akaunti.', 'Karibu {me.name}'),
  })
  const mugi = { status: 'unknown', name: 'Mũgĩ', firstName: 'Mũgĩ', number: '+254700000001' as Msisdn } as const
  const { reply } = dial(program, () => ({ outcome: 'failed' }), mugi).step()
  expect(reply).toMatchObject({ text: 'Wĩ mwega Mũgĩ', encoding: 'ucs2', units: 13 })
})

test('messages are rendered in the language asked for, or the base language', async () => {
  const messages = messagesOf(await compiled())
  const values = { name: 'Amina', shop: 'shop1' }
  expect(messages.render('thanks', 'sw', values)).toBe('Asante, Amina, kwa kutembelea shop1.')
  expect(messages.render('thanks', 'fr', values)).toBe('Thank you, Amina, for visiting shop1.')
})

test('the mark of a value that is not given stays in a message, for whoever knows it later', async () => {
  const messages = messagesOf(await compiled())
  expect(messages.render('code', 'en', {})).toBe('{code} is your code.')
})

test('each screen at its fullest is told for each language, and is within its limit', () => {
  const result = compile(small, contracts, messageContracts, kenya)
  if (result.kind === 'refused') throw new Error('refused')
  for (const { units, limit } of result.worst) expect(units).toBeLessThanOrEqual(limit)
  expect(result.worst.find(({ screen, language }) => screen === 'send.confirm' && language === 'sw')).toMatchObject({
    text: 'PIN si sahihi. Umebakiza 8\nTuma KES 999,999.99 kwa MMMMMMMMMMMMMMMM 0712***678\nAda KES 999.99\nWeka PIN\n0 Rudi 00 Mwanzo',
    units: 119,
    limit: 160,
  })
})

test('conditions are read with their usual precedence', async () => {
  const when = (condition: string): MenuSources =>
    changed('main.yaml', "me.status == 'enrolled' and me.language in ['en', 'sw']", condition)
  const shown = async (condition: string): Promise<string> => {
    const program = await compiled(when(condition))
    return dial(program, () => ({ outcome: 'failed' }), {
      status: 'enrolled',
      name: 'A',
      firstName: 'B',
      number: '+254700000001' as Msisdn,
    }).text()
  }
  const agent = 'Please see an agent.'
  expect(await shown("me.name == 'X' and me.name == 'Y' or me.status == 'enrolled'")).toBe(agent)
  expect(await shown("me.name == 'X' and (me.name == 'Y' or me.status == 'enrolled')")).not.toBe(agent)
  expect(await shown("not me.name == 'X' and me.status == 'enrolled'")).toBe(agent)
  expect(await shown("not (me.name == 'A' or me.status == 'enrolled')")).not.toBe(agent)
  expect(await shown('1 < 2 and 10 > 9 and 2 >= 2 and 2 <= 2 and 2 != 3')).toBe(agent)
})

test('the example of the documentation compiles with the actions of the service', async () => {
  const document = await readFile(menuFolder('../../docs/menus.md'), 'utf8')
  const example = /```yaml\n(# main\.yaml\n.*?)```/s.exec(document)?.[1] ?? ''
  const service = await loadMenuSources(menuFolder('../../menus'))
  const sources: Record<string, string> = { ...service, 'main.yaml': example }
  // The example has none of the screens that the service's codes lead to.
  sources['service.yaml'] = withoutShortcuts(service['service.yaml'] ?? '')
  const kept = Object.entries(sources).filter(([file]) => ['main.yaml', 'service.yaml', 'messages.yaml'].includes(file))
  const actionContracts = [...actions.values()].map(({ contract }) => contract)
  const result = compile(Object.fromEntries(kept), actionContracts, serviceMessages, kenya)
  expect(result.kind === 'refused' ? result.problems.map(describeProblem) : []).toEqual([])
})
