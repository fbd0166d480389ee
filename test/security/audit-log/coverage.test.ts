import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { actions } from '../../../src/actions/registry.ts'

/** What is on record of something that changes something: names of events, or why there is none. */
type OnRecord = readonly string[] | { readonly none: string }

/** Every action that writes. A PIN that an action asks is on record besides, right or wrong. */
const ACTIONS: Readonly<Record<string, OnRecord>> = {
  'accept-terms': ['terms.accepted'],
  'ask-back': ['reversal.asked'],
  'buy-airtime': ['transfer.confirmed'],
  'cancel-scheduled': ['standing.cancelled'],
  'check-answer': ['answer.right', 'answer.wrong'],
  'check-code': ['code.used', 'code.wrong'],
  'decline-request': ['money.declined'],
  'give-back': ['reversal.agreed'],
  'keep-money': ['reversal.refused'],
  'link-account': ['account.linked'],
  'move-money': ['transfer.confirmed'],
  'move-savings': ['transfer.confirmed'],
  'open-pin-change': { none: 'a right PIN, code or answer opens it, and that is on record; what is set then is too' },
  'pay-bill': ['transfer.confirmed'],
  'pay-bill-from': ['transfer.confirmed'],
  'pay-first': ['account.put_first'],
  'propose-pin': { none: 'half of a change, kept for minutes; the change is on record' },
  'quote-put-aside': ['savings.opened'],
  'request-money': ['money.requested'],
  'schedule-transfer': ['standing.made'],
  'send-code': ['code.issued'],
  'send-from': ['transfer.confirmed'],
  'send-money': ['transfer.confirmed'],
  'set-language': ['language.chosen'],
  'set-pin': ['pin.changed', 'pin.reset', 'subscriber.activated'],
  'skip-scheduled': ['standing.skipped'],
  'unlink-account': ['account.unlinked'],
}

const ONLY_LOOKS = { none: 'it changes nothing' }

/** Every command of people. */
const COMMANDS: Readonly<Record<string, OnRecord>> = {
  accounts: ['smpp_account.added', 'smpp_account.suspended', 'smpp_account.resumed'],
  audit: ['values.erased'],
  bench: { none: 'it has stores of its own' },
  campaigns: ['campaign.created', 'campaign.started', 'campaign.paused', 'campaign.resumed', 'campaign.cancelled'],
  cases: ['case.closed', 'provider_reversal.decided'],
  chaos: { none: 'it has stores of its own' },
  demo: ['subscriber.enrolled'],
  dial: { none: 'a phone; what it does is what subscribers do' },
  enrol: ['subscriber.enrolled'],
  'fake-network': { none: 'a network for tests' },
  ledger: ['day.closed', 'trust.recorded', 'reversal.decided', 'transfer.decided', 'statement.read'],
  links: ['link.ordered'],
  partners: ['partner.stopped', 'partner.resumed'],
  menus: ['menus.published'],
  migrate: ['tariff.loaded'],
  security: { none: 'what is sealed stays the same; key_in_use has which keys are in use' },
  sms: ['sms.read'],
  tariffs: ['tariff.loaded'],
}

/** What happens by itself. */
const SYSTEM: Readonly<Record<string, OnRecord>> = {
  'a transfer held, settled, rejected, put in doubt or to review': {
    none: 'each row of transfer_event is a leaf itself',
  },
  'a day closed': ['day.closed'],
  'an account locked': ['pin.locked'],
  'a transfer that was ordered': ['standing.run', 'standing.skipped', 'standing.cancelled'],
  'a partner that contradicts us': ['case.opened'],
  'a partner asked to take a payment back, and its last word': [
    'provider_reversal.asked',
    'provider_reversal.answered',
  ],
  'a STOP or START': ['consent.said'],
  'a message sent': { none: "sms_attempt has it; a message changes nobody's rights or money" },
  health: ONLY_LOOKS,
}

const sources = ['src', 'scripts']
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`))
  .filter((path) => /\.(ts|sql)$/.test(path))
  .map((path) => readFileSync(path, 'utf8'))
  .join('\n')

test('every action that writes names what is on record of it, or says why nothing is', () => {
  const writing = [...actions.values()]
    .filter(({ contract }) => contract.effect !== 'read')
    .map(({ contract }) => contract.name)
  expect(Object.keys(ACTIONS).sort()).toEqual(writing.sort())
})

test('every command does', () => {
  const helpers = ['command-line', 'operator-command', 'stores']
  const tools = readdirSync('scripts').flatMap((name) => (name.endsWith('.ts') ? [name.slice(0, -3)] : []))
  expect(Object.keys(COMMANDS).sort()).toEqual(tools.filter((name) => !helpers.includes(name)).sort())
})

test.each(Object.entries({ ...ACTIONS, ...COMMANDS, ...SYSTEM }))(
  '%s: what it names is written somewhere',
  (_, record) => {
    if ('none' in record) expect(record.none.length).toBeGreaterThan(10)
    else for (const name of record) expect(sources).toContain(`'${name}'`)
  },
)
