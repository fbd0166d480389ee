import { parse } from 'yaml'
import { z } from 'zod'
import type { UssdDialect } from './dialect.ts'

const operation = z.union([z.number().int().min(0).max(255), z.string().regex(/^[A-Z]{2}$/)])
const changes = z
  .strictObject({
    operation: z.enum(['ussd_service_op', 'service_type']),
    incoming: z.record(z.string(), z.enum(['begin', 'answer', 'abort', 'confirmed'])),
    outgoing: z
      .strictObject({
        ...{ ask: operation, last: operation, pushAsk: operation.nullable(), pushNotice: operation.nullable() },
        pushLast: operation.nullable(),
      })
      .partial(),
    bareIsAbort: z.boolean(),
    fields: z.strictObject({
      service_type: z.string().max(5).optional(),
      dest_bearer_type: z.number().int().min(0).max(255).optional(),
    }),
    session: z
      .strictObject({
        tlv: z.enum(['its_session_info', 'user_message_reference']),
        mask: z.number().int().min(1).max(0xffff),
        endBit: z.strictObject({ in: z.boolean(), out: z.boolean() }),
      })
      .nullable(),
    code: z.enum(['short_message', 'destination_addr']),
    dataCoding: z.strictObject({
      gsm7: z.number().int().min(0).max(255),
      ucs2: z.number().int().min(0).max(255),
    }),
    acknowledge: z.enum(['before', 'after']),
    push: z.enum(['zero', 'none']).nullable(),
    silenceMs: z.number().int().min(5_000).max(600_000),
  })
  .partial()
const file = z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,29}$/), changes.extend({ like: z.string().optional() }))

/**
 * Reads dialects from YAML: by name, what is different from the one that `like` names (`standard` unless stated). A sentence for each
 * thing that is wrong, with no dialect then.
 */
export function readDialects(
  text: string,
  known: ReadonlyMap<string, UssdDialect>,
): { readonly dialects: ReadonlyMap<string, UssdDialect>; readonly problems: readonly string[] } {
  const none = (problems: readonly string[]) => ({ dialects: new Map<string, UssdDialect>(), problems })
  let tree: unknown
  try {
    tree = parse(text)
  } catch {
    return none(['is no YAML; write dialects as docs/smpp-ussd.md shows.'])
  }
  const read = file.safeParse(tree)
  if (!read.success) {
    return none(read.error.issues.map(({ path, message }) => `${path.join('.') || 'the file'}: ${message}.`))
  }
  const dialects = new Map<string, UssdDialect>()
  const problems: string[] = []
  for (const [name, { like = 'standard', ...different }] of Object.entries(read.data)) {
    const base = dialects.get(like) ?? known.get(like)
    if (known.has(name)) problems.push(`${name} is the name of one that comes with the program; choose another.`)
    else if (base === undefined)
      problems.push(`${name} is like ${like}, which is none; choose of ${[...known.keys()].join(', ')}.`)
    else dialects.set(name, merge(name, base, different))
  }
  for (const { name, operation: where, incoming, outgoing } of dialects.values()) {
    const isLetters = where === 'service_type'
    const all = [
      ...Object.keys(incoming).map((key) => (/^\d+$/.test(key) ? Number(key) : key)),
      ...Object.values(outgoing),
    ]
    if (all.some((each) => each !== null && (typeof each === 'string') !== isLetters))
      problems.push(`${name}: operations are ${isLetters ? 'two letters, as in BR' : 'numbers, as in 0x12'}.`)
    if (!Object.values(incoming).includes('begin') || !Object.values(incoming).includes('answer'))
      problems.push(`${name}: nothing begins or nothing answers a dialogue; name an operation for each in incoming.`)
  }
  return problems.length > 0 ? none(problems) : { dialects, problems }
}

function merge(name: string, base: UssdDialect, different: z.infer<typeof changes>): UssdDialect {
  const stated = Object.entries(different).filter(([, value]) => value !== undefined)
  const outgoing = Object.fromEntries(
    Object.entries(different.outgoing ?? {}).filter(([, value]) => value !== undefined),
  )
  return { ...base, ...Object.fromEntries(stated), outgoing: { ...base.outgoing, ...outgoing }, name }
}
