import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import { Secret } from '../../src/domain/secret.ts'
import { type PinWeakness, pinWeakness } from '../../src/subscribers/pin-rules.ts'
import { KENYA } from './people.ts'

const NUMBER = '+254712360589' as Msisdn
const judge = (pin: string, digits = pin.length) => pinWeakness(new Secret(pin), digits, NUMBER, KENYA)

const table: [pin: string, weakness: PinWeakness | null][] = [
  // good ones, those of the demo among them
  ['73915', null],
  ['28461', null],
  ['50927', null],
  ['7391', null],
  ['739154', null],
  // up and down, also round from 9 to 0, also by two
  ['12345', 'sequence'],
  ['01234', 'sequence'],
  ['98765', 'sequence'],
  ['43210', 'sequence'],
  ['78901', 'sequence'],
  ['89012', 'sequence'],
  ['10987', 'sequence'],
  ['13579', 'sequence'],
  ['24680', 'sequence'],
  ['97531', 'sequence'],
  ['4567', 'sequence'],
  ['7890', 'sequence'],
  ['456789', 'sequence'],
  ['14703', null],
  // one digit, two digits, halves, pairs
  ['11111', 'repeat'],
  ['00000', 'repeat'],
  ['12121', 'repeat'],
  ['11222', 'repeat'],
  ['11112', 'repeat'],
  ['21112', 'repeat'],
  ['1212', 'repeat'],
  ['1221', 'repeat'],
  ['1112', 'repeat'],
  ['123123', 'repeat'],
  ['112233', 'repeat'],
  ['559900', 'repeat'],
  ['11223', null],
  ['123994', null],
  // walks over the keys and other favourites
  ['2580', 'common'],
  ['14789', 'common'],
  ['12346', 'common'],
  ['147258', 'common'],
  ['159753', 'common'],
  // years of birth anywhere, and whole dates
  ['1987', 'date'],
  ['2004', 'date'],
  ['31987', 'date'],
  ['19875', 'date'],
  ['720091', 'date'],
  ['1939', null],
  ['2035', null],
  ['2512', 'date'],
  ['1225', null],
  ['3213', null],
  ['270386', 'date'],
  ['860327', 'date'],
  ['123124', null],
  ['471399', null],
  // four digits in a row of 0712360589 and of 254712360589
  ['71236', 'number'],
  ['60589', 'number'],
  ['05899', 'number'],
  ['90589', 'number'],
  ['07128', 'number'],
  ['54712', 'number'],
  ['2547', 'number'],
  ['0589', 'number'],
  ['236058', 'number'],
  ['05898', 'number'],
  ['58960', null],
  ['71209', null],
]

describe('PIN rules', () => {
  test.each(table)('%s is %s', (pin, weakness) => {
    expect(judge(pin)).toBe(weakness)
  })

  test.each(['', '1', '7391', '739154', '7391a', '73 15', '-7391', '7391.', '73915\n1', '1e391'])(
    'where five digits are set, %j has the wrong length',
    (pin) => {
      expect(judge(pin, 5)).toBe('length')
    },
  )

  test('digits of other scripts are judged as digits', () => {
    expect(judge('١٢٣٤٥', 5)).toBe('sequence')
    expect(judge('٧٣٩١٥', 5)).toBe(null)
  })

  test('every part of four digits of the number is refused, wherever it stands in the PIN', () => {
    const forms = ['254712360589', '0712360589']
    fc.assert(
      fc.property(fc.constantFrom(...forms), fc.nat(11), fc.nat(9), fc.boolean(), (form, start, other, front) => {
        const part = form.slice(start, start + 4)
        fc.pre(part.length === 4)
        expect(judge(front ? `${other}${part}` : `${part}${other}`)).not.toBe(null)
      }),
    )
  })

  test('most PINs remain allowed at every length', () => {
    for (const [digits, share] of [
      [4, 0.88],
      [5, 0.95],
      [6, 0.88],
    ] as const) {
      let allowed = 0
      // A prime step: every eleventh PIN of the longest is enough to tell a share.
      const step = digits === 6 ? 11 : 1
      for (let pin = 0; pin < 10 ** digits; pin += step) {
        if (judge(String(pin).padStart(digits, '0')) === null) allowed += 1
      }
      expect((allowed * step) / 10 ** digits).toBeGreaterThan(share)
    }
  })
})
