/**
 * Networks write one id in several ways: `00AB12` in the answer, `ab12` or `43794` in the receipt. An id is stored under its key, and a
 * receipt's id is looked up under every key that may have been meant.
 */

/** Lower case, without leading zeros. */
export function providerKey(id: string): string {
  return id.toLowerCase().replace(/^0+(?=.)/, '')
}

/** Keys that a receipt's id may be stored under, the likeliest first: as written, then read as the other base. */
export function possibleKeys(id: string): string[] {
  const key = providerKey(id)
  const others: string[] = []
  if (/^\d{1,40}$/.test(key)) others.push(BigInt(key).toString(16))
  if (/^[0-9a-f]{1,32}$/.test(key)) others.push(BigInt(`0x${key}`).toString())
  return [key, ...others.filter((other) => other !== key)]
}

/** What networks write that have no ids, by key. */
const NO_IDS: ReadonlySet<string> = new Set(['', '0', 'msg_id_not_implemented'])

/** False: every message of this network has that id. */
export function isUsableId(id: string): boolean {
  return !NO_IDS.has(providerKey(id))
}
