/** Outcomes of actions that no dialogue can have, since they need a race or more time than a dialogue has; `test/actions/unplayed.test.ts` brings each about. */
export const unplayed: Readonly<Record<string, readonly string[]>> = {
  'accept-terms': ['not_authorised'],
  'check-answer': ['not_authorised'],
  'check-bill': ['limited'],
  'find-payee': ['limited'],
  'pay-bill': ['insufficient', 'over_limit', 'expired', 'unavailable'],
  'propose-pin': ['not_authorised'],
  'quote-bill': ['unavailable'],
  'quote-send': ['unavailable'],
  'send-money': ['processing', 'insufficient', 'over_limit', 'expired', 'refused'],
  'set-pin': ['not_authorised'],
}
