/** The same of accounts elsewhere; `test/actions/unplayed-linked.test.ts` brings each about. */
export const unplayedLinked: Readonly<Record<string, readonly string[]>> = {
  'move-money': ['insufficient', 'over_limit', 'expired', 'unavailable'],
  'pay-bill-from': ['over_limit', 'expired', 'unavailable'],
  'pay-first': ['gone'],
  'quote-bill-from': ['over_day_limit', 'unavailable'],
  'quote-collect': ['over_day_limit', 'unavailable'],
  'quote-disburse': ['over_day_limit', 'unavailable'],
  'quote-send-from': ['over_day_limit', 'unavailable'],
  'send-from': ['kept', 'over_limit', 'expired', 'unavailable'],
  'unlink-account': ['gone'],
}
