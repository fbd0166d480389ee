/** Absolute and relative times of SMPP (3.4 §7.1.1), `YYMMDDhhmmsstnnp`: tenths, quarter hours from UTC, and +, - or R. */
const FORM = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d)(\d\d)([+\-R])$/
const QUARTER_MS = 15 * 60_000
const DAY_MS = 86_400_000

/** The moment meant; null where the text has no such form or names no day that there is. The empty text is the caller's business. */
export function parseSmppTime(text: string, now: Date): Date | null {
  const match = FORM.exec(text)
  if (match === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, tenths = 0, quarters = 0] = match
    .slice(1, 9)
    .map(Number)
  const clockMs = ((hour * 60 + minute) * 60 + second) * 1000 + tenths * 100
  // A month of 30 and a year of 365 days: nobody means it to the hour.
  if (match[9] === 'R') return new Date(now.getTime() + (year * 365 + month * 30 + day) * DAY_MS + clockMs)
  if (hour > 23 || minute > 59 || second > 59 || quarters > 48) return null
  const midnight = new Date(Date.UTC(2000 + year, month - 1, day))
  if (midnight.getUTCMonth() !== month - 1 || midnight.getUTCDate() !== day) return null
  const offsetMs = quarters * QUARTER_MS * (match[9] === '+' ? 1 : -1)
  return new Date(midnight.getTime() + clockMs - offsetMs)
}

/** The absolute form, in UTC. */
export function formatSmppTime(at: Date): string {
  return `${at.toISOString().replace(/\D/g, '').slice(2, 14)}000+`
}

/** `YYMMDDhhmm`, as receipts write dates (SMPP 3.4 appendix B), in UTC. */
export function formatReceiptDate(at: Date): string {
  return at.toISOString().replace(/\D/g, '').slice(2, 12)
}
