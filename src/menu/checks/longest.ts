import { longestInWords } from '../../domain/amount-words.ts'
import type { Market } from '../../domain/market.ts'
import { formatMoney } from '../../domain/money.ts'
import type { Slot, Template } from '../program.ts'

/** The words with the longest values there can be. */
export function longest(template: Template, market: Market): string {
  return template.parts.map((part) => (typeof part === 'string' ? part : longestValue(part, market))).join('')
}

function longestValue({ as, width, words }: Slot, market: Market): string {
  switch (as) {
    case 'text':
    case 'last':
      return 'M'.repeat(width)
    case 'money':
      return longestMoney(width, market)
    case 'words':
      return longestInWords({ amount: BigInt(words?.max ?? 0), currency: market.currency }, words?.language ?? '') ?? ''
    case 'moment':
    case 'time':
      return '23/11/26 14:05'
    case 'date':
      return '23/11/2026'
    case 'mask':
      return '0712***678'
    case 'digits':
    case 'number':
    case 'msisdn':
      return '8'.repeat(width)
  }
}

/** Nines up to the width. */
function longestMoney(width: number, market: Market): string {
  let amount = 9n
  let text = ''
  do {
    text = formatMoney({ amount, currency: market.currency })
    amount = amount * 10n + 9n
  } while (text.length < width)
  return text
}
