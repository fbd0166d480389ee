/**
 * A number from 0 to 1, always the same for the same seed, purpose and count: what one message meets does not depend on what others do
 * meanwhile, so that a run can be repeated. FNV-1a over the three, then the finaliser of MurmurHash3.
 */
export function draw(seed: number, purpose: string, count: number): number {
  let hash = 0x811c9dc5
  const mix = (value: number): void => {
    hash = Math.imul(hash ^ value, 0x01000193)
  }
  for (let index = 0; index < purpose.length; index += 1) mix(purpose.charCodeAt(index))
  for (const number of [seed, count]) for (let shift = 0; shift < 32; shift += 8) mix((number >>> shift) & 0xff)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** Whether chance or the count picks this one: every `every`th (0: none), or the given share of all. */
export function isPicked(seed: number, purpose: string, count: number, share: number, every: number): boolean {
  return (every > 0 && count % every === 0) || (share > 0 && draw(seed, purpose, count) < share)
}

/** The same members in an order that the seed decides. */
export function shuffled<Member>(members: readonly Member[], seed: number, purpose: string, count: number): Member[] {
  const all = [...members]
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = Math.floor(draw(seed, `${purpose}:${last}`, count) * (last + 1))
    const [a, b] = [all[last], all[other]]
    if (a !== undefined && b !== undefined) [all[last], all[other]] = [b, a]
  }
  return all
}
