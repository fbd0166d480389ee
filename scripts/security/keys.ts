import { type Carrier, countCarriers } from '../../src/security/carriers.ts'
import { type Key, ringOf } from '../../src/security/keys.ts'
import type { Verb } from './verb.ts'

/** `npm run security -- keys` */
export const keys: Verb = {
  name: 'keys',
  summary: 'how many rows carry each key, and which key may go',
  help: `

Counts, for PIN_KEY and DATA_KEY, the rows that were made with each key, by the name the key goes by; never shows a key. A key that no row
carries may be taken out of the settings. Reads whole tables.
  npm run security -- keys
Exit code 1 where rows carry a key that is not set.
`,
  asOwner: false,
  work: async ({ database, keys: held, print }) => {
    const carriers = await countCarriers(database)
    const pin = linesOf('pin', held.pin, carriers)
    const data = linesOf('data', held.data, carriers)
    print([...pin, ...data].map((line) => `${line}\n`).join(''))
    return carriers.some(({ kind, keyId }) => !ringOf(held[kind]).some(({ id }) => id === keyId)) ? 1 : 0
  },
}

function linesOf(kind: Carrier['kind'], held: Key, carriers: readonly Carrier[]): string[] {
  const name = `${kind.toUpperCase()}_KEY`
  const ring = ringOf(held).map(({ id }) => id)
  const foreign = carriers
    .filter(({ kind: its, keyId }) => its === kind && !ring.includes(keyId))
    .map(({ keyId }) => keyId)
  return [...ring, ...new Set(foreign)].map((id, at) => {
    const standing = at === 0 ? 'current' : at < ring.length ? 'older' : 'NOT SET'
    const rows = carriers.filter(({ kind: its, keyId }) => its === kind && keyId === id)
    const counts = rows
      .map(({ table, rows, stays }) => `${rows} ${table}${stays ? ' (history, stays)' : ''}`)
      .join(', ')
    const none = standing === 'older' ? 'no row: it may be taken out' : 'no row'
    return `${name.padEnd(8)}  ${id}  ${standing.padEnd(7)}  ${counts || none}`
  })
}
