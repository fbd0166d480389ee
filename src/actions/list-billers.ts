import { type Action, defineAction } from './action.ts'

/** The billers of this deployment, in the order of its settings. */
export const listBillers: Action = defineAction(
  {
    name: 'list-billers',
    effect: 'read',
    input: {},
    outcomes: {
      ok: {
        billers: {
          type: 'rows',
          max: 40,
          of: { id: { type: 'text', max: 20 }, name: { type: 'text', max: 14 }, length: { type: 'number', max: 20 } },
        },
      },
    },
  },
  async ({ billers }) => ({
    outcome: 'ok',
    values: {
      billers: [...billers.values()]
        .filter(({ service }) => service === 'bill')
        .map(({ id, name, accountDigits }) => ({ id, name, length: accountDigits })),
    },
  }),
)
