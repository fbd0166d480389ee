import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, dateAt, formatDate, isIsoDate, parseDate } from '../../src/domain/dates.ts'

const TODAY = '2026-11-23'
const anyTime = { min: null, max: null }

const days: fc.Arbitrary<string> = fc
  .date({ min: new Date('1000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))

describe('a day as it is typed', () => {
  test.each([
    ['23112026', '2026-11-23'],
    ['231126', '2026-11-23'],
    ['1/2/2026', '2026-02-01'],
    [' 01 - 02 - 26 ', '2026-02-01'],
    ['29.2.2028', '2028-02-29'],
    ['٢٣/١١/٢٠٢٦', '2026-11-23'],
    ['२३-११-२६', '2026-11-23'],
  ])('%s is %s', (typed, date) => {
    expect(parseDate(typed, TODAY, anyTime)).toBe(date)
  })

  test.each([
    ...['', '0', '00', '29/2/2026', '31/4/26', '0/1/26', '1/0/26', '32/1/26', '1/13/26', '2311', '2/11', '2311202'],
    ...['1/1/026', '1/1/0026', '-1/1/26', 'a1/1/26', '1/1/26x', '1//', '1/1/2026/1', '٢٣/١١'],
  ])('%j is none', (typed) => {
    expect(parseDate(typed, TODAY, anyTime)).toBeNull()
  })

  test('any real day typed with its whole year is that day', () => {
    fc.assert(
      fc.property(days, fc.constantFrom('/', '-', '.', ' ', ', '), (date, sign) => {
        const [year, month, day] = date.split('-')
        expect(isIsoDate(date)).toBe(true)
        expect(parseDate([day, month, year].join(sign), TODAY, anyTime)).toBe(date)
        expect(parseDate(formatDate(date), TODAY, anyTime)).toBe(date)
        expect(parseDate(`${day}${month}${year}`, TODAY, anyTime)).toBe(date)
      }),
    )
  })

  test.each([
    ['1/1/50', anyTime, '2050-01-01'],
    ['1/1/50', { min: null, max: TODAY }, '1950-01-01'],
    ['1/1/99', anyTime, '1999-01-01'],
    ['1/1/99', { min: TODAY, max: null }, '2099-01-01'],
    ['1/1/99', { min: '2000-01-01', max: '2050-01-01' }, null],
    ['23/11/26', { min: TODAY, max: TODAY }, '2026-11-23'],
    ['24/11/26', { min: null, max: TODAY }, '1926-11-24'],
  ])('the century of %s, within its bounds, is the nearest', (typed, bounds, date) => {
    expect(parseDate(typed, TODAY, bounds)).toBe(date)
  })
})

test('the day is that of the place, not of Greenwich', () => {
  const late = Date.UTC(2026, 11, 31, 21, 30)
  expect(dateAt(late, 'Africa/Accra')).toBe('2026-12-31')
  expect(dateAt(late, 'Africa/Nairobi')).toBe('2027-01-01')
})

test.each([
  [30, '2026-12-23'],
  [-23, '2026-10-31'],
  [0, TODAY],
  [462, '2028-02-28'],
  [463, '2028-02-29'],
])('%i days from today', (count, date) => {
  expect(addDays(TODAY, count)).toBe(date)
})

test.each(['2026-02-30', '2026-2-3', '0999-01-01', '2026-13-01', ' 2026-01-01', '20260101', ''])(
  '%j is no day in ISO 8601 that counts',
  (text) => {
    expect(isIsoDate(text)).toBe(false)
  },
)
