import { type Database, openDatabase } from '../../src/database/database.ts'
import { pendingMigrations } from '../../src/database/migrate.ts'
import { makeAudit } from '../../src/security/audit.ts'
import { makeSealer } from '../../src/security/sealing.ts'
import { readKeys, readSmsSender } from '../../src/settings.ts'
import { type Environment, makeReader, type SettingsReader } from '../../src/settings-reader.ts'
import { listAccounts, type StoredAccount } from '../../src/sms/accounts/account-row.ts'
import { addAccount, type ManageServices, removeAccount, setSuspended, topUp } from '../../src/sms/accounts/manage.ts'
import { type IsOwnSender, ownSenders } from '../../src/sms/accounts/own-senders.ts'
import { makePasswordHasher } from '../../src/sms/accounts/passwords.ts'
import { keyProblems } from '../../src/subscribers/check-keys.ts'
import type { Options, Verb } from './options.ts'

/** What to print, and whether it was done. */
export type Told = { readonly done: boolean; readonly text: string }

type Outcome = { readonly outcome: string; readonly done: boolean; readonly words: string; readonly more?: object }

/** Does one thing to the accounts in this database, with the keys of `env`. */
export async function runVerb(
  databaseUrl: string,
  env: Environment,
  readText: (path: string) => string,
  options: Options,
): Promise<Told> {
  const reader = makeReader(env, readText)
  const keys = readKeys(reader, ['data', 'audit'])
  if (keys === null) return tell(options, bad(reader.problems))
  const database = openDatabase(databaseUrl, { maxConnections: 2, applicationName: 'nyota-accounts' })
  try {
    const pending = await pendingMigrations(database)
    if (pending.length > 0) return tell(options, bad(['The database is not migrated; run: npm run migrate']))
    const foreign = await keyProblems(database, keys)
    if (foreign.length > 0) return tell(options, bad(foreign))
    const audit = makeAudit(keys.audit, makeSealer(keys.data))
    const by = { kind: 'system', id: 'npm run accounts' } as const
    const services = { database, audit, hasher: makePasswordHasher(keys.data), by, isOwn: ownOf(reader) }
    return tell(options, await perform(services, options))
  } finally {
    await database.close()
  }
}

async function perform(
  services: ManageServices & { database: Database; isOwn: IsOwnSender },
  verb: Verb,
): Promise<Outcome> {
  switch (verb.verb) {
    case 'list': {
      const accounts = await listAccounts(services.database)
      return { outcome: 'listed', done: true, words: tableOf(accounts), more: { accounts: accounts.map(shown) } }
    }
    case 'add': {
      const { systemId, senders, owned } = verb.account
      const taken = [...senders, ...owned].filter(services.isOwn)
      if (taken.length > 0) return not('own', taken.map(sayOwn).join('\n'))
      const added = await addAccount(services, verb.account)
      if (added.kind === 'taken') return not('taken', `${systemId} is an account already; nothing was changed.`)
      if (added.kind === 'busy') return not('busy', 'This machine is too busy; try again.')
      const password = added.password.reveal()
      const words = `Added ${systemId}. Its password, which is shown only now: ${password}`
      return { outcome: 'added', done: true, words, more: { systemId, password } }
    }
    case 'suspend':
    case 'resume': {
      const done = await setSuspended(services, verb.systemId, verb.verb === 'suspend')
      const word = verb.verb === 'suspend' ? 'suspended' : 'resumed'
      return changed(done, verb.systemId, word, `${verb.systemId} was so already; nothing was changed.`)
    }
    case 'top-up': {
      const done = await topUp(services, verb.systemId, verb.segments)
      return changed(
        done,
        verb.systemId,
        'topped up',
        `${verb.systemId} has no volume; it may send as much as it likes.`,
      )
    }
    case 'remove': {
      const done = await removeAccount(services, verb.systemId)
      return changed(done, verb.systemId, 'removed', `${verb.systemId} was removed meanwhile.`)
    }
  }
}

/** What is the service's own, by those of its settings that are set here. */
function ownOf(reader: SettingsReader): IsOwnSender {
  const links = (reader.text('SMPP_LINKS') ?? '').split(/\s+/).filter((link) => URL.canParse(link))
  return ownSenders({
    smsSender: readSmsSender(reader),
    serviceCodes: reader.words('SERVICE_CODES', []),
    linkSenders: links.map((link) => new URL(link).searchParams.get('from')),
  })
}

function sayOwn(address: string): string {
  return `${address} is the service's own: with it a client could write in its name, or read what people write to it. Choose another.`
}

function changed(done: 'done' | 'unchanged' | 'unknown', systemId: string, word: string, otherwise: string): Outcome {
  if (done === 'unknown') return not('unknown', `There is no account ${systemId}; npm run accounts -- list shows them.`)
  if (done === 'unchanged') return not('unchanged', otherwise)
  return { outcome: 'done', done: true, words: `${systemId} is ${word}.` }
}

function not(outcome: string, words: string): Outcome {
  return { outcome, done: false, words }
}

function bad(problems: readonly string[]): Outcome {
  return { outcome: 'failed', done: false, words: problems.join('\n'), more: { problems } }
}

function tell({ json }: Options, { outcome, done, words, more }: Outcome): Told {
  return { done, text: json ? JSON.stringify({ outcome, ...more }) : words }
}

function tableOf(accounts: readonly StoredAccount[]): string {
  if (accounts.length === 0) return 'There are no accounts.'
  return accounts
    .map((account) => {
      const { systemId, category, volumeLeft, tps, window, maxBinds, senders, suspended } = account
      const volume = volumeLeft === null ? 'no limit' : `${volumeLeft} segments left`
      const state = suspended ? 'SUSPENDED, ' : ''
      return `${systemId.padEnd(15)} ${state}${category}, ${volume}, ${tps}/s, window ${window}, ${maxBinds} binds, from ${senders.join(' ')}`
    })
    .join('\n')
}

function shown({ passwordHash, id, volumeLeft, ...account }: StoredAccount): object {
  return { ...account, volumeLeft: volumeLeft === null ? null : Number(volumeLeft) }
}
