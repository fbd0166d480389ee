import type { SmsLink } from '../aggregators/sms-link.ts'
import type { Msisdn } from '../domain/msisdn.ts'

/**
 * The links that may carry a message to this number now, best first: those that are up; of these, those that are not failing; then by
 * longest matching prefix, then the cheapest, those of unknown cost last, then in the order of the settings. A link without prefixes
 * carries all numbers.
 */
export function routeSms(
  links: readonly SmsLink[],
  to: Msisdn,
  isPreferred: (link: string) => boolean = () => true,
): SmsLink[] {
  return links
    .map((link) => ({ link, match: matchLength(link.prefixes, to.slice(1)) }))
    .filter(({ link, match }) => match >= 0 && link.isUp())
    .map(({ link, match }) => ({ link, match, failing: isPreferred(link.name) ? 0 : 1 }))
    .sort((a, b) => a.failing - b.failing || b.match - a.match || byCost(a.link, b.link))
    .map(({ link }) => link)
}

/** Whether a link that is not up now would carry it. */
export function waitsForLink(links: readonly SmsLink[], to: Msisdn): boolean {
  return links.some((link) => matchLength(link.prefixes, to.slice(1)) >= 0 && !link.isUp())
}

function byCost(a: SmsLink, b: SmsLink): number {
  const [one, other] = [a.cost ?? null, b.cost ?? null]
  if (one === null || other === null) return Number(one === null) - Number(other === null)
  return one === other ? 0 : one < other ? -1 : 1
}

/** Digits of the longest prefix that the number begins with; 0 for a link for all numbers, -1 for none. */
function matchLength(prefixes: readonly string[], digits: string): number {
  if (prefixes.length === 0) return 0
  return Math.max(-1, ...prefixes.filter((prefix) => digits.startsWith(prefix)).map((prefix) => prefix.length))
}
