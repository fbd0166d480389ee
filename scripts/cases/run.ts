import type { Queryable } from '../../src/database/database.ts'
import { isUuid } from '../../src/domain/ids.ts'
import { closeCase, listOpenCases, type OpenCase } from '../../src/settlement/cases.ts'
import { type CommandLine, readCommandLine } from '../command-line.ts'

export const HELP = `What a biller or provider says about a transfer, against how it ended here: cases for people to look into.

  npm run cases                                      those that are open, oldest first
  npm run cases -- --json                            the same for scripts
  npm run cases -- close <case> --note "what was found"

Closing puts on record who looked and what they found. It moves no money.

Works on the stores of DATABASE_URL; without it on the local ones of the demo.
Exit codes: 0 done; 1 not done; 2 wrong use.
`

export type CasesRequest =
  | { readonly kind: 'list'; readonly json: boolean }
  | { readonly kind: 'close'; readonly id: string; readonly note: string }

/** Text for people, and whether all is as was asked. */
export type CasesAnswer = { readonly done: boolean; readonly text: string }

const WORDS = { json: { type: 'boolean' }, note: { type: 'string' } } as const

export function readRequest(args: readonly string[]): CommandLine<CasesRequest> {
  return readCommandLine('cases', args, { options: WORDS, allowPositionals: true }, ({ values, positionals }) => {
    const [verb = 'list', id = '', ...rest] = positionals
    if (verb === 'list' && id === '') return { kind: 'list', json: values.json ?? false }
    if (verb !== 'close' || rest.length > 0) return `There is no ${verb}.`
    if (!isUuid(id)) return 'Name the case by the id that npm run cases shows.'
    const note = values.note?.trim() ?? ''
    if (note === '' || note.length > 1_000) return 'Say what was found: --note "…", at most 1,000 characters.'
    return { kind: 'close', id, note }
  })
}

export async function runCases(db: Queryable, request: CasesRequest, by: string): Promise<CasesAnswer> {
  if (request.kind === 'list') {
    const cases = await listOpenCases(db)
    if (request.json) return { done: true, text: JSON.stringify(cases) }
    return { done: true, text: cases.length === 0 ? 'No case is open.' : cases.map(rowOf).join('\n') }
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

function rowOf({ id, reference, state, partner, what, detail, openedAt }: OpenCase): string {
  const why = detail === null ? what : `${what} (${detail})`
  return `${id}  ${openedAt.toISOString()}  ${reference} ${state}  ${partner}: ${why}`
}
