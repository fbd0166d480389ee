import { type Action, defineAction } from './action.ts'

const LINES = 5

/** The last five movements, newest first. */
export const readStatement: Action = defineAction(
  {
    name: 'read-statement',
    effect: 'read',
    asks: 'pin',
    input: {},
    outcomes: {
      ok: {
        lines: {
          type: 'rows',
          max: LINES,
          of: {
            at: { type: 'moment' },
            sign: { type: 'text', max: 1 },
            amount: { type: 'money', max: 99_999_999n },
            party: { type: 'text', max: 14 },
          },
        },
      },
      none: {},
    },
  },
  async ({ database, sealer, provider, messages }, { caller, language }) => {
    const lines = await provider.statement(database, sealer, caller.id, LINES)
    if (lines.length === 0) return { outcome: 'none' }
    const own = (direction: 'in' | 'out'): string =>
      messages().render(direction === 'in' ? 'from_savings' : 'to_savings', language, {})
    return {
      outcome: 'ok',
      values: {
        lines: lines.map((line) => ({
          at: line.atMs,
          sign: line.direction === 'in' ? '+' : '-',
          amount: String(line.amount),
          party: line.own ? own(line.direction) : line.party,
        })),
      },
    }
  },
)
