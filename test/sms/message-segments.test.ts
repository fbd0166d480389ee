import { expect, test } from 'vitest'
import { compileMenus } from '../../src/conversations/publish.ts'
import { markets } from '../../src/domain/markets.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { messageContracts, messageSegments } from '../../src/sms/message-contracts.ts'

const sources = await loadMenuSources('menus')
const long = 'We say more than there is room for. '

test.each([
  ['KE', 'code_reset', 4, 'E-SMS messages.code_reset in en can take', '1 are allowed'],
  ['UG', 'pin_locked', 8, 'E-SMS messages.pin_locked in en can take', '2 are allowed'],
])('in %s, %s that is too long stops the menus from being taken up', (code, name, times, what, allowed) => {
  const market = markets.get(code)
  if (market === undefined) throw new Error('gone')
  const messages = sources['messages.yaml'] ?? ''
  const longer = messages.replace(`${name}: "`, `${name}: "${long.repeat(times)}`)
  expect(compileMenus(sources, market).kind).toBe('compiled')
  const result = compileMenus({ ...sources, 'messages.yaml': longer }, market)
  const said = result.kind === 'refused' ? result.problems.map((each) => `${each.code} ${each.message}`) : []
  expect(said).toEqual([expect.stringContaining(what)])
  expect(said[0]).toContain(allowed)
})

test('every limit is of a message that there is', () => {
  expect(Object.keys(messageSegments).filter((name) => !(name in messageContracts))).toEqual([])
})
