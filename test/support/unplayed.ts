/** Outcomes of actions that no dialogue can have, since they need a race or more time than a dialogue has; `test/actions/unplayed.test.ts` brings each about. */
export const unplayed: Readonly<Record<string, readonly string[]>> = {
  'accept-terms': ['not_authorised'],
  'ask-back': ['asked', 'full', 'too_late'],
  'buy-airtime': ['insufficient', 'over_limit', 'expired', 'unavailable'],
  'cancel-scheduled': ['gone'],
  'check-answer': ['not_authorised'],
  'check-bill': ['limited'],
  'check-savings': ['held'],
  'decline-request': ['gone'],
  'find-payee': ['limited'],
  'give-back': ['gone'],
  'keep-money': ['gone'],
  'move-savings': ['processing', 'insufficient', 'expired', 'refused'],
  'pay-bill': ['insufficient', 'over_limit', 'expired', 'unavailable'],
  'plan-transfer': ['limited', 'unavailable'],
  'propose-pin': ['not_authorised'],
  // No example of a market that the dialogues play in has a limit by month.
  'quote-airtime': ['over_month_limit', 'unavailable'],
  'quote-bill': ['over_month_limit', 'unavailable'],
  // A tariff prices more than two wallets may hold.
  'quote-put-aside': ['over_transaction_limit', 'unavailable'],
  'quote-request': ['over_day_limit', 'over_month_limit', 'payee_full', 'unavailable', 'gone'],
  'quote-send': ['over_month_limit', 'unavailable'],
  'quote-take-out': ['over_transaction_limit', 'unavailable'],
  'request-money': ['unavailable'],
  'schedule-transfer': ['limited'],
  'send-money': ['processing', 'insufficient', 'over_limit', 'expired', 'refused'],
  'set-pin': ['not_authorised'],
  'skip-scheduled': ['gone'],
}

/** Told by any action that breaks, hangs or finds the hasher full, so by no dialogue. */
export const troubles: readonly string[] = ['failed', 'late', 'busy']

/**
 * What else of the menus no dialogue goes through, by screen: a code that another flow plays with the same action, a deployment without
 * billers, languages that would need a dialogue for each change to each. `languages`: where that is so; all where none are named.
 */
export const unplayedScreens: readonly {
  readonly screen: string
  readonly names: readonly string[]
  readonly languages?: readonly string[]
}[] = [
  { screen: 'my-account.forgot', names: ['alive', 'limited'] },
  { screen: 'my-account.forgot_code', names: ['expired'] },
  { screen: 'pay-bill.pick', names: ['empty'] },
  // The month's words of other flows are brought about with the same action's rules.
  { screen: 'other-accounts.in_quote', names: ['over_month_limit'] },
  { screen: 'other-accounts.out_quote', names: ['over_month_limit'] },
  { screen: 'pay-bill.quote_from', names: ['over_month_limit'] },
  { screen: 'send-money.quote_from', names: ['over_month_limit'] },
  { screen: 'my-account.language', names: ['1', '3', '4'], languages: ['en'] },
  { screen: 'my-account.language', names: ['1', '2', '3'], languages: ['sw'] },
  { screen: 'my-account.language', names: ['2', '3', '4'], languages: ['fr'] },
  { screen: 'my-account.language', names: ['1', '2', '4'], languages: ['am'] },
  // Whoever changes the language hears these words in the other one, as the dialogue of another language does.
  { screen: 'my-account.remembered', names: [''] },
  // Whoever is not known is spoken to in the language of the menus themselves.
  { screen: 'main.stranger', names: [''], languages: ['sw', 'fr', 'am'] },
]
