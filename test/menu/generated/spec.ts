import fc from 'fast-check'
import { type Slip, slips } from './slips.ts'

/** The kinds of screen along a flow; `end` screens hang from them. */
export type Kind = 'menu' | 'input' | 'list' | 'confirm' | 'call' | 'route' | 'use'

/** Numbers from which menus are made; smaller ones make simpler menus. */
export type Spec = {
  readonly service: readonly number[]
  /** The start first. Each further flow is used by one before it. */
  readonly flows: readonly { readonly shape: readonly number[]; readonly screens: readonly ScreenSpec[] }[]
  /** One mistake that the compiler has to find. */
  readonly slip: Slip | null
}

export type ScreenSpec = { readonly kind: Kind; readonly picks: readonly number[] }

const picks = (count: number): fc.Arbitrary<readonly number[]> =>
  fc.array(fc.nat(999), { minLength: count, maxLength: count, size: 'max' })

const kind: fc.Arbitrary<Kind> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Kind>('menu') },
  { weight: 4, arbitrary: fc.constant<Kind>('input') },
  { weight: 4, arbitrary: fc.constant<Kind>('list') },
  { weight: 5, arbitrary: fc.constant<Kind>('confirm') },
  { weight: 3, arbitrary: fc.constant<Kind>('call') },
  { weight: 2, arbitrary: fc.constant<Kind>('route') },
  { weight: 2, arbitrary: fc.constant<Kind>('use') },
)

const screens = fc.array(fc.record({ kind, picks: picks(40) }), { maxLength: 5, size: 'max' })

/** `mistaken`: in how many of a hundred menus a mistake is planted. */
export function specs(mistaken: number): fc.Arbitrary<Spec> {
  return fc.record({
    service: picks(16),
    flows: fc.array(fc.record({ shape: picks(6), screens }), { minLength: 1, maxLength: 4, size: 'max' }),
    slip: fc.oneof(
      { weight: 100 - mistaken, arbitrary: fc.constant(null) },
      { weight: mistaken, arbitrary: fc.constantFrom(...slips) },
    ),
  })
}
