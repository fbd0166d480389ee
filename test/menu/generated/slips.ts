import type { Doc, Draft, FlowDoc } from './draft.ts'

/** A mistake that the compiler has to name by this code. `make` puts it into menus whose start has the menu `s0`. */
export type Slip = { readonly name: string; readonly code: string; readonly make: (draft: Draft) => void }

export const slips: readonly Slip[] = [
  slip('two choices with one key', 'E-KEY', (draft) => offer(draft, 's0', choicesOf(draft).at(0)?.key as string)),
  slip('a choice on the key for home', 'E-KEY', (draft) => {
    offer(draft, 's0', (draft.service.navigation as Record<string, Doc>).home?.key as string)
  }),
  slip('a way to no screen', 'E-REF', (draft) => offer(draft, 'nowhere')),
  slip('a value that does not exist', 'E-REF', (draft) => add(draft, { end: 'Pay {nobody}' })),
  slip('a text without translation', 'E-I18N', ({ translation }) => (translation['main.s0.text'] = null)),
  slip('a translation that lacks a value', 'E-I18N', (draft) => {
    add(draft, { end: 'Pay {me.first_name}' })
    draft.translation['main.slip.text'] = 'Lipa'
  }),
  slip('an outcome without a way', 'E-ROUTE', (draft) => {
    add(draft, { call: 'look', outcomes: { ok: { go: 's0' } } })
  }),
  slip('a return from the start', 'E-ROUTE', (draft) => offer(draft, 'return')),
  slip('a write that nobody confirms', 'E-WRITE', (draft) => {
    add(draft, { call: 'agree', outcomes: { ok: { go: 's0' }, refused: { go: 's0' } } })
  }),
  slip('a PIN that is not asked', 'E-SECRET', (draft) => {
    add(draft, { confirm: 'Pay', ask: 'yes', yes: '1 Pay', do: 'peek', outcomes: { ok: { go: 's0' } } })
  }),
  slip('a screen that nobody sees', 'E-REACH', ({ flows }) => {
    if (flows.main) flows.main.screens.slip = { end: 'Pay' }
  }),
  slip('a flow that nobody uses', 'E-REACH', ({ flows }) => {
    flows.slip = { variables: {}, start: 's0', screens: { s0: { end: 'Pay' } } }
  }),
  slip('a flow that uses itself', 'E-SPIN', (draft) => add(draft, { use: 'main', go: 's0' })),
  slip('a circle that nobody sees', 'E-SPIN', (draft) => {
    add(draft, { route: [{ when: "me.status == 'unknown'", go: 's0' }], else: 'slip2' })
    mainOf(draft).screens.slip2 = { call: 'look', outcomes: { ok: { go: 'slip' }, none: { go: 's0' } } }
  }),
  slip('an argument of another type', 'E-TYPE', (draft) => {
    add(draft, { call: 'find', with: { number: '$me.name' }, outcomes: { found: { go: 's0' }, unknown: { go: 's0' } } })
  }),
  slip('a value that is nowhere set', 'E-BIND', (draft) => {
    mainOf(draft).variables.unset = { text: 9 }
    add(draft, { end: 'Pay {unset}' })
  }),
  slip('a value that one of two ways sets', 'E-BIND', (draft) => {
    mainOf(draft).variables.half = { number: 9 }
    add(draft, {
      call: 'look',
      outcomes: { ok: { go: 'slip2' }, none: { go: 'slip3' } },
    })
    mainOf(draft).screens.slip2 = {
      menu: 'Pay',
      choices: [{ key: '1', text: 'Pay', set: { half: 5 }, go: 'slip3' }],
    }
    mainOf(draft).screens.slip3 = { end: 'Pay {half}' }
  }),
  slip('a text that is too long', 'E-WIDTH', (draft) => add(draft, { end: 'Pay more. '.repeat(20) })),
  slip('a text that is too long with its longest value', 'E-WIDTH', (draft) => {
    const { gsm7 } = draft.service.limits as { gsm7: number }
    add(draft, { end: `${'p'.repeat(gsm7 - 19)}{me.first_name}` })
  }),
  slip('a menu that is too long with its footer', 'E-WIDTH', (draft) => {
    const { gsm7 } = draft.service.limits as { gsm7: number }
    add(draft, { menu: 'p'.repeat(gsm7 - 20), choices: [] })
  }),
  slip('a text that is too long by characters of two septets', 'E-WIDTH', (draft) => {
    const { gsm7 } = draft.service.limits as { gsm7: number }
    add(draft, { end: '€'.repeat(gsm7 / 2 + 1) })
  }),
  slip('too many lines', 'E-LINES', (draft) => add(draft, { end: Array.from({ length: 20 }, () => 'P').join('\n') })),
  slip('menus without an end', 'E-DEAD', ({ flows }) => {
    for (const name of Object.keys(flows)) if (name !== 'main') delete flows[name]
    flows.main = {
      variables: {},
      start: 's0',
      screens: { s0: { menu: 'Pay', choices: [{ key: '1', text: 'Pay', go: 's0' }] } },
    }
  }),
  slip('actions that take too long', 'E-TIME', (draft) => {
    add(draft, { call: 'slow', outcomes: { ok: { go: 'slip2' } } })
    mainOf(draft).screens.slip2 = { call: 'slow', outcomes: { ok: { go: 'slip3' } } }
    mainOf(draft).screens.slip3 = { call: 'slow', outcomes: { ok: { go: 's0' } } }
  }),
]

function slip(name: string, code: string, make: Slip['make']): Slip {
  return { name, code, make }
}

/** A screen more, offered first of all so that generated dialogues come to it. */
function add(draft: Draft, screen: Doc): void {
  mainOf(draft).screens.slip = screen
  offer(draft, 'slip')
}

function offer(draft: Draft, go: string, key = '55'): void {
  choicesOf(draft).push({ key, text: 'Pay', go })
}

function choicesOf(draft: Draft): Doc[] {
  return mainOf(draft).screens.s0?.choices as Doc[]
}

function mainOf(draft: Draft): FlowDoc {
  const { main } = draft.flows
  if (main === undefined) throw new Error('menus without a start')
  return main
}
