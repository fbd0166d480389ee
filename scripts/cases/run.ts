import { parseArgs } from 'node:util'
import type { Queryable } from '../../src/database/database.ts'
import { isUuid } from '../../src/domain/ids.ts'
import { closeCase, listOpenCases, type OpenCase } from '../../src/settlement/cases.ts'

const HELP = `What a biller or provider says about a transfer, against how it ended here: cases for people to look into.

  npm run cases                                      those that are open, oldest first
  npm run cases -- --json                            the same for scripts
  npm run cases -- close <case> --note "what was found"

Closing puts on record who looked and what they found. It moves no money.
`

/** What the arguments ask for, or what to print instead. */
export type CasesRequest =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'wrong'; readonly sentence: string }
  | { readonly kind: 'list'; readonly json: boolean }
  | { readonly kind: 'close'; readonly id: string; readonly note: string }

/** Text for people, and whether all is as was asked. */
export type CasesAnswer = { readonly done: boolean; readonly text: string }

export function readRequest(args: readonly string[]): CasesRequest {
  try {
    const options = {
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean' },
      note: { type: 'string' },
    } as const
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true })
    const [verb = 'list', id = '', ...rest] = positionals
    if (values.help === true) return { kind: 'help', text: HELP }
    if (verb === 'list' && id === '') return { kind: 'list', json: values.json ?? false }
    if (verb !== 'close' || rest.length > 0) return wrong(`There is no ${verb}`)
    if (!isUuid(id)) return wrong('Name the case by the id that npm run cases shows')
    const note = values.note?.trim() ?? ''
    if (note === '' || note.length > 1_000) return wrong('Say what was found: --note "…", at most 1,000 characters')
    return { kind: 'close', id, note }
  } catch (error) {
    return wrong(error instanceof Error ? error.message.replace(/\.$/, '') : String(error))
  }
}

export async function runCases(
  db: Queryable,
  request: Extract<CasesRequest, { kind: 'list' | 'close' }>,
  by: string,
): Promise<CasesAnswer> {
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

function wrong(what: string): CasesRequest {
  return { kind: 'wrong', sentence: `${what}; npm run cases -- --help shows how.` }
}
