import type { Biller } from './biller.ts'
import { type HttpBillerSettings, makeHttpBiller } from './http-biller.ts'

const DEFAULT_TIMEOUT_MS = 5_000
/** A payment that takes longer is asked about later anyway. */
const MAX_TIMEOUT_MS = 20_000

/**
 * Reads `BILLERS`: URLs separated by white space, `https://key@host/path?id=city-power&name=City%20Power&digits=11&timeoutMs=5000`.
 * Every problem in one sentence, without the key.
 */
export function parseBillers(text: string): { billers: HttpBillerSettings[]; problems: string[] } {
  const billers: HttpBillerSettings[] = []
  const problems: string[] = []
  for (const [index, entry] of text.trim().split(/\s+/).filter(Boolean).entries()) {
    const read = parseBiller(entry)
    if (typeof read === 'string') problems.push(`BILLERS entry ${index + 1}: ${read}`)
    else if (billers.some(({ id }) => id === read.id))
      problems.push(`BILLERS entry ${index + 1}: id ${read.id} is used twice`)
    else billers.push(read)
  }
  return { billers, problems }
}

/** All billers of the deployment by id, in the order of its settings. */
export function makeBillers(settings: readonly HttpBillerSettings[]): ReadonlyMap<string, Biller> {
  return new Map(settings.map((biller) => [biller.id, makeHttpBiller(biller)]))
}

function parseBiller(entry: string): HttpBillerSettings | string {
  if (!URL.canParse(entry)) return 'is not a URL'
  const url = new URL(entry)
  const id = url.searchParams.get('id') ?? ''
  const name = url.searchParams.get('name') ?? ''
  const accountDigits = Number(url.searchParams.get('digits'))
  const timeoutMs = Number(url.searchParams.get('timeoutMs') ?? DEFAULT_TIMEOUT_MS)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must begin with https:// (or http://)'
  if (url.username === '') return 'needs a key: https://key@host/…'
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(id)) return 'needs id=… of small letters, digits and hyphens, 20 at most'
  if (name === '' || name.length > 16) return 'needs name=… of 1 to 16 characters'
  if (!Number.isInteger(accountDigits) || accountDigits < 1 || accountDigits > 20) return 'needs digits=1 to 20'
  if (!Number.isInteger(timeoutMs) || timeoutMs < 100 || timeoutMs > MAX_TIMEOUT_MS)
    return `needs timeoutMs=100 to ${MAX_TIMEOUT_MS}`
  const baseUrl = `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`
  return { id, name, accountDigits, baseUrl, key: decodeURIComponent(url.username), timeoutMs }
}
