import type { Queryable } from '../../src/database/database.ts'
import { isUuid } from '../../src/domain/ids.ts'
import { closeCase, listOpenCases } from '../../src/settlement/cases.ts'
import { decideReversal } from '../../src/settlement/provider-reversals.ts'
import { type CommandLine, readCommandLine } from '../command-line.ts'
import { rowOf, sentenceOf } from './words.ts'

export const HELP = `What a biller or provider says about a transfer, against how it ended here: cases for people to look into.

  npm run cases                                      those that are open, oldest first
  npm run cases -- --json                            the same for scripts
  npm run cases -- close <case> --note "what was found"
  npm run cases -- reverse <case> --by grace.wambui --note "On their statement of 22 Nov; letter 17"
  npm run cases -- reverse <case> --by p.otieno --note "Seen too"

Closing puts on record who looked and what they found. It moves no money, and nothing is asked about a closed case any more.
Reversing is for done_after_refusal: the money went back here, and the provider paid nevertheless. When two officers of different names have
said so, a worker asks the provider, once, to take the payment back, and asks on until it says what became of that. What it says stands under
the case: done closes it, refused leaves it open. No money moves here: it was given back already.

Works on the stores of DATABASE_URL; without it on the local ones of the demo.
Exit codes: 0 done; 1 not done; 2 wrong use.
`

export type CasesRequest =
  | { readonly kind: 'list'; readonly json: boolean }
  | { readonly kind: 'close'; readonly id: string; readonly note: string }
  | { readonly kind: 'reverse'; readonly id: string; readonly officer: string; readonly note: string }

/** Text for people, and whether all is as was asked. */
export type CasesAnswer = { readonly done: boolean; readonly text: string }

const WORDS = { json: { type: 'boolean' }, note: { type: 'string' }, by: { type: 'string' } } as const
const NAME = /^[a-z0-9][a-z0-9._-]{1,63}$/

export function readRequest(args: readonly string[]): CommandLine<CasesRequest> {
  return readCommandLine('cases', args, { options: WORDS, allowPositionals: true }, ({ values, positionals }) => {
    const [verb = 'list', id = '', ...rest] = positionals
    if (verb === 'list' && id === '') return { kind: 'list', json: values.json ?? false }
    if ((verb !== 'close' && verb !== 'reverse') || rest.length > 0) return `There is no ${verb}.`
    if (!isUuid(id)) return 'Name the case by the id that npm run cases shows.'
    const note = values.note?.trim() ?? ''
    if (verb === 'close') {
      if (values.by !== undefined) return '--by belongs to reverse: closing is on record for who is logged in.'
      if (note === '' || note.length > 1_000) return 'Say what was found: --note "…", at most 1,000 characters.'
      return { kind: 'close', id, note }
    }
    const officer = (values.by ?? '').toLowerCase()
    if (!NAME.test(officer))
      return 'Who says so? Say --by and a name of letters, digits, dots and hyphens, such as grace.wambui.'
    if (note.length < 3 || note.length > 500) return 'Say why: --note "…", 3 to 500 characters.'
    return { kind: 'reverse', id, officer, note }
  })
}

export async function runCases(db: Queryable, request: CasesRequest, by: string): Promise<CasesAnswer> {
  if (request.kind === 'list') {
    const cases = await listOpenCases(db)
    if (request.json) return { done: true, text: JSON.stringify(cases) }
    return { done: true, text: cases.length === 0 ? 'No case is open.' : cases.map(rowOf).join('\n') }
  }
  if (request.kind === 'reverse') {
    const { id: caseId, officer, note } = request
    const outcome = await decideReversal(db, { caseId, officer, note })
    return { done: outcome.kind === 'recorded', text: sentenceOf(outcome, officer) }
  }
  switch (await closeCase(db, { ...request, by })) {
    case 'closed':
      return { done: true, text: `Closed, on record for ${by}.` }
    case 'known':
      return { done: false, text: 'It was closed before; the first note stays, and this one is not on record.' }
    case 'not_found':
      return { done: false, text: 'There is no such case; npm run cases shows the open ones.' }
  }
}
