/** What words say about money. Amounts are not read: a reference names the transfer. */
export type Claim =
  /** It is done; the subscriber may rely on it. */
  | { readonly kind: 'settled'; readonly reference: string; readonly by: 'payer' | 'payee' }
  /** It will not be, and nothing was taken. */
  | { readonly kind: 'rejected'; readonly reference: string }
  /** It exists, and the result follows. */
  | { readonly kind: 'accepted'; readonly reference: string }
  /** Nothing moved in this dialogue, and nothing will. */
  | { readonly kind: 'nothing moved' }
  /** Nobody knows yet. */
  | { readonly kind: 'open' }
  /** What can be spent and what is held, in minor units. */
  | { readonly kind: 'balance'; readonly available: bigint; readonly held: bigint }
  | { readonly kind: 'wrong PIN' }
  | { readonly kind: 'locked' }

type Reader = { readonly words: RegExp; readonly claim: (match: RegExpExecArray) => Claim }

const REFERENCE = '([A-Z2-9]{10})'
const MONEY = 'KES ([\\d,]+(?:\\.\\d\\d)?)'

const named =
  (kind: 'rejected' | 'accepted') =>
  (match: RegExpExecArray): Claim => ({ kind, reference: match[1] ?? '' })
const settled =
  (by: 'payer' | 'payee') =>
  (match: RegExpExecArray): Claim => ({ kind: 'settled', reference: match[1] ?? '', by })

/** The English words of menus/ that say something about money, screens first, then SMS. */
const readers: readonly Reader[] = [
  { words: new RegExp(`^(?:Sent|Paid) KES[^]*\\nRef ${REFERENCE}`), claim: settled('payer') },
  { words: new RegExp(`^(?:Sent|Paid) KES[^]*?, ref ${REFERENCE}\\.`), claim: settled('payer') },
  { words: new RegExp(`is being processed, ref ${REFERENCE}`), claim: named('accepted') },
  { words: new RegExp(`^In progress: [^]*?, ref ${REFERENCE}\\.`), claim: named('accepted') },
  { words: new RegExp(`result of your transfer ${REFERENCE}`), claim: named('accepted') },
  { words: new RegExp(`refused the payment, ref ${REFERENCE}`), claim: named('rejected') },
  { words: new RegExp(`^Not sent: [^]*?, ref ${REFERENCE}\\. No money was taken`), claim: named('rejected') },
  { words: /No money moved/, claim: () => ({ kind: 'nothing moved' }) },
  { words: /If money (?:moved|moves), an SMS will tell you/, claim: () => ({ kind: 'open' }) },
  {
    words: new RegExp(`^You can use ${MONEY}\\. Still being processed: ${MONEY}\\.`),
    claim: (match) => ({ kind: 'balance', available: minor(match[1]), held: minor(match[2]) }),
  },
  {
    words: new RegExp(`^Your balance is ${MONEY}\\.`),
    claim: (match) => ({ kind: 'balance', available: minor(match[1]), held: 0n }),
  },
  { words: /^Wrong PIN\./, claim: () => ({ kind: 'wrong PIN' }) },
  { words: /^Your PIN is locked until/, claim: () => ({ kind: 'locked' }) },
  { words: new RegExp(`^${REFERENCE} confirmed\\. You received KES`), claim: settled('payee') },
  { words: new RegExp(`^${REFERENCE} confirmed\\. KES [^]* (?:sent|paid) to`), claim: settled('payer') },
  { words: new RegExp(`^${REFERENCE}: KES [^]* was not sent\\. No money was taken`), claim: named('rejected') },
  { words: new RegExp(`^${REFERENCE}: [^]* did not take your payment`), claim: named('rejected') },
  { words: new RegExp(`^${REFERENCE}: your payment [^]* is still being processed`), claim: named('accepted') },
]

/** Everything that these words say about money; nothing for a screen that only asks. */
export function readClaims(words: string): Claim[] {
  return readers.flatMap(({ words: pattern, claim }) => {
    const match = pattern.exec(words)
    return match === null ? [] : [claim(match)]
  })
}

function minor(text = '0'): bigint {
  const [units = '0', cents = '00'] = text.replaceAll(',', '').split('.')
  return BigInt(units) * 100n + BigInt(cents)
}
