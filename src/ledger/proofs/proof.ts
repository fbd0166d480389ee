import type { AccountId } from '../../domain/ids.ts'

/**
 * One thing that must be true of the ledger, as the statement that finds where it is not. Each selects `account` (uuid), `reference`
 * (of a transfer or a journal), `entry` (`<journal id>/<leg>`), each null where it does not apply, and `says`: what is wrong, in words,
 * amounts in minor units unless a currency stands before them. It may read `given (since, since_day, old_after)`; the first two are minus infinity for a proof of everything.
 */
export type Check = {
  readonly name: string
  /** What is true when it finds nothing. */
  readonly proves: string
  /** `wrong`: the books contradict themselves. `look`: they do not, and somebody has to look all the same. */
  readonly grade: 'wrong' | 'look'
  readonly find: string
  /** Where only what came since the last close is proven: another statement, or null where that cannot be. */
  readonly findSince?: string | null
}

/** Where and how a check does not hold. */
export type Finding = {
  readonly account: AccountId | null
  /** Of a transfer, or of a journal without one. */
  readonly reference: string | null
  /** `<journal id>/<leg>` */
  readonly entry: string | null
  readonly says: string
}

/** SQL for an amount as people write it, `KES 4,999.50`: of the two expressions for the minor units and the currency. */
export function inMajor(amount: string, currency: string): string {
  return `(SELECT u.code || ' ' || to_char((${amount}) / power(10::numeric, u.minor_unit_digits), 'FM999,999,999,999,999,990'
      || CASE WHEN (${amount}) % power(10::numeric, u.minor_unit_digits) = 0 THEN '' ELSE '.' || repeat('0', u.minor_unit_digits) END)
    FROM currency u WHERE u.code = ${currency})`
}
