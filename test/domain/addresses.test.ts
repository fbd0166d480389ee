import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { callerAddress, parseAddresses } from '../../src/domain/addresses.ts'

const listOf = (...words: string[]) => parseAddresses(words).list

describe('a list of addresses', () => {
  test.each<[string, string, boolean]>([
    ['196.0.2.0/24', '196.0.2.255', true],
    ['196.0.2.0/24', '196.0.3.0', false],
    ['196.0.2.7', '196.0.2.7', true],
    ['196.0.2.7', '196.0.2.8', false],
    ['196.0.2.7', '::ffff:196.0.2.7', true],
    ['2001:db8::/32', '2001:db8:1::9', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/32', '196.0.2.7', false],
    ['196.0.2.0/24', 'localhost', false],
    ['196.0.2.0/24', '', false],
  ])('%s holds %s: %j', (word, address, expected) => {
    expect(listOf(word).has(address)).toBe(expected)
  })

  test.each([
    '196.0.2',
    '196.0.2.0/33',
    '0.0.0.0/0',
    '::/0',
    '2001:db8::/129',
    'example.org',
    '196.0.2.0/',
    'fe80::1%eth0',
    '1.2.3.4 ',
  ])('refuses %s', (word) => {
    expect(parseAddresses([word, '10.0.0.1']).wrong).toEqual([word])
  })
})

describe('who calls', () => {
  const proxies = listOf('10.0.0.0/8', 'fd00::/8')

  test.each<[string, string, string, string | null]>([
    ['without a proxy, whoever is connected', '203.0.113.9', '', '203.0.113.9'],
    ['what a stranger says of others is not heard', '203.0.113.9', '196.0.2.7', '203.0.113.9'],
    ['behind a proxy, whom it heard', '10.0.0.7', '196.0.2.7', '196.0.2.7'],
    ['what the caller made up stands left of it', '10.0.0.7', '196.0.2.7, 203.0.113.9', '203.0.113.9'],
    ['behind two proxies', '::ffff:10.0.0.7', '1.1.1.1, 203.0.113.9,10.0.0.8', '203.0.113.9'],
    ['the proxy itself, where it names nobody', '10.0.0.7', '', '10.0.0.7'],
    ['nobody, where it names none that is an address', '10.0.0.7', '196.0.2.7, unknown', null],
    ['nobody, behind more proxies than anybody has', '10.0.0.7', Array(40).fill('10.0.0.7').join(), null],
    ['nobody, where the connection is gone', '', '196.0.2.7', null],
  ])('%s', (_, remote, forwarded, expected) => {
    expect(callerAddress(remote, forwarded, proxies)).toBe(expected)
  })

  test('is never decided by what stands left of the caller, whatever that is', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())), fc.ipV4(), (made, caller) => {
        fc.pre(!proxies.has(caller))
        expect(callerAddress('10.0.0.7', [...made, caller].join(','), proxies)).toBe(caller)
      }),
    )
  })
})
