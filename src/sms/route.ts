import type { SmsLink } from '../aggregators/sms-link.ts'
import type { Msisdn } from '../domain/msisdn.ts'

/**
 * The links that may carry a message to this number now, best first: those that are up, by longest matching prefix, then in the
 * order of the settings. A link without prefixes carries all numbers.
 */
export function routeSms(links: readonly SmsLink[], to: Msisdn): SmsLink[] {
  return links
    .map((link) => ({ link, match: matchLength(link.prefixes, to.slice(1)) }))
    .filter(({ link, match }) => match >= 0 && link.isUp())
    .sort((a, b) => b.match - a.match)
    .map(({ link }) => link)
}

/** Digits of the longest prefix that the number begins with; 0 for a link for all numbers, -1 for none. */
function matchLength(prefixes: readonly string[], digits: string): number {
  if (prefixes.length === 0) return 0
  return Math.max(-1, ...prefixes.filter((prefix) => digits.startsWith(prefix)).map((prefix) => prefix.length))
}
