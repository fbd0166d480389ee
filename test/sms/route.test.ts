import { expect, test } from 'vitest'
import { routeSms } from '../../src/sms/route.ts'
import { AMINA, makeLink } from './world.ts'

const names = (links: ReturnType<typeof makeLink>[]): string[] => routeSms(links, AMINA).map((link) => link.name)

test('the longest prefix comes first, links for all numbers last, equals in the order of the settings', () => {
  const links = [
    makeLink('all-1'),
    makeLink('country', { prefixes: ['254'] }),
    makeLink('network', { prefixes: ['25471', '25470'] }),
    makeLink('all-2'),
    makeLink('exact', { prefixes: ['254700000001', '1'] }),
    makeLink('elsewhere', { prefixes: ['256'] }),
  ]
  expect(names(links)).toEqual(['exact', 'network', 'country', 'all-1', 'all-2'])
})

test('a link that is down carries nothing', () => {
  const down = makeLink('down', { prefixes: ['25470'] })
  down.up = false
  expect(names([down, makeLink('spare')])).toEqual(['spare'])
  expect(names([down])).toEqual([])
})

test('of equal prefixes the cheapest comes first, and those of unknown cost last', () => {
  const links = [
    makeLink('unknown', { prefixes: ['254'] }),
    makeLink('dear', { prefixes: ['254'], cost: 90n }),
    makeLink('cheap', { prefixes: ['254'], cost: 60n }),
    makeLink('cheap-2', { prefixes: ['254'], cost: 60n }),
    makeLink('cheapest-for-all', { cost: 10n }),
  ]
  expect(names(links)).toEqual(['cheap', 'cheap-2', 'dear', 'unknown', 'cheapest-for-all'])
})

test('links that are failing come last, whatever their prefixes and costs', () => {
  const links = [makeLink('failing', { prefixes: ['25470'], cost: 1n }), makeLink('dear', { cost: 90n })]
  const route = routeSms(links, AMINA, (link) => link !== 'failing')
  expect(route.map((link) => link.name)).toEqual(['dear', 'failing'])
})
