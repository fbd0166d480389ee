import type fc from 'fast-check'
import type { Engine } from '../engine.ts'
import { type Accepted, accept, type Menus, type Refused } from '../menus.ts'
import { kenya } from '../support.ts'
import { draftOf } from './build.ts'
import { contracts, messageContracts } from './contracts.ts'
import { sourcesOf } from './draft.ts'
import type { Slip } from './slips.ts'
import { type Spec, specs } from './spec.ts'

/** Compiled once by each engine, since the properties are asked of the same menus. */
const compiled = new WeakMap<Engine, Map<string, Accepted | Refused>>()

export function compileSpec(engine: Engine, spec: Spec): Accepted | Refused {
  const known = compiled.get(engine) ?? new Map<string, Accepted | Refused>()
  compiled.set(engine, known)
  const name = JSON.stringify(spec)
  const result = known.get(name) ?? accept(engine, sourcesOf(draftOf(spec)), contracts, messageContracts, kenya)
  known.set(name, result)
  return result
}

/** So many in a row are only refused where all are. */
const MOST_REFUSED = 300

/** Menus as generated that the compiler accepts, with a mistake planted in one of ten, or this one in all. */
export function acceptedMenus(engine: Engine, slip: Slip | null = null): fc.Arbitrary<Menus> {
  let refused = 0
  return (slip === null ? specs(10) : specs(0))
    .map((spec) => compileSpec(engine, slip === null ? spec : { ...spec, slip }).menus)
    .filter((menus) => {
      refused = menus === null ? refused + 1 : 0
      if (refused > MOST_REFUSED) throw new Error('the compiler refuses all menus')
      return menus !== null
    })
}
