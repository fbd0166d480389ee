import { countCarriers } from '../../src/security/carriers.ts'
import { ringOf } from '../../src/security/keys.ts'
import { rotateDataKey } from '../../src/security/rotate.ts'
import type { Verb } from './verb.ts'

/** `npm run security -- rotate` */
export const rotate: Verb = {
  name: 'rotate',
  summary: 'seal everything anew under the current DATA_KEY, while the service runs',
  help: `

Seals every stored value that is under an older DATA_KEY anew under the current one, in small batches, while the service runs. Stop it when
you like: begun again, it passes over what is done. PINs need no such step: each moves at its next right entry. docs/keys.md has the steps
before and after. Works as the owner of the tables (DATABASE_OWNER_URL).
  DATA_KEY="$NEW $OLD" npm run security -- rotate
Exit code 1 where something cannot be read, or where rows still carry an older key that a rotation moves.
`,
  asOwner: true,
  work: async ({ database, keys, print }) => {
    const { moved, unreadable } = await rotateDataKey({
      ...{ owner: database, dataKey: keys.data },
      onProgress: ({ table, moved }) => print(`${table}: ${moved} rows\n`),
    })
    const total = Object.values(moved).reduce((sum, rows) => sum + rows, 0)
    print(`${total} rows were sealed anew under ${keys.data.id}.\n`)
    const broken = Object.entries(unreadable).filter(([, rows]) => rows > 0)
    for (const [table, rows] of broken) {
      print(
        `${rows} rows of ${table} open under none of the keys and stay as they are: restore them, or put their key back.\n`,
      )
    }
    const older = keys.data.older.map(({ id }) => id)
    const left = (await countCarriers(database)).filter(({ kind, keyId }) => kind === 'data' && keyId !== keys.data.id)
    for (const { table, keyId, rows, stays } of left) {
      const why = stays ? 'history, which is read with it and never changed' : 'not moved; run this again'
      print(`${rows} rows of ${table} carry ${keyId}: ${why}.\n`)
    }
    const free = older.filter((id) => !left.some(({ keyId }) => keyId === id))
    if (free.length > 0) print(`No row carries ${free.join(', ')}: take it out of DATA_KEY.\n`)
    if (ringOf(keys.data).length === 1 && total === 0) print('DATA_KEY has no older key; there was nothing to do.\n')
    return broken.length > 0 || left.some(({ stays }) => !stays) ? 1 : 0
  },
}
