import { z } from 'zod'

/** The error object (schema `errorObject`); texts beside the schema write its words with a capital, and put it into `error`. */
export type GsmaError = { readonly category: string; readonly code: string }

/**
 * What an error says about what was asked for. `refused`: never taken, definitely. `received`: it was there before. `unclear`: nothing,
 * such as a server's own trouble, which may hide a success.
 */
export type ErrorMeaning = 'refused' | 'received' | 'unclear'

const errorObject = z.object({ errorCategory: z.string().max(64), errorCode: z.string().max(64) })
const wrapped = z.object({ error: errorObject }).or(z.object({ errorReference: errorObject }))

/** Errors that come of what was asked; the others are the provider's own trouble. */
const DEFINITE: ReadonlySet<string> = new Set(['validation', 'authorisation', 'identification', 'businessRule'])

/** The error object in a body, or null. */
export function readError(body: unknown): GsmaError | null {
  const direct = errorObject.safeParse(body)
  if (direct.success) return errorOf(direct.data)
  const inner = wrapped.safeParse(body)
  if (!inner.success) return null
  return errorOf('error' in inner.data ? inner.data.error : inner.data.errorReference)
}

/** What it means for a payment that was sent for the first time, or for its end. */
export function meaningOf({ category, code }: GsmaError): ErrorMeaning {
  if (code === 'duplicateRequest') return 'received'
  // Too many requests: this one was turned away, but the same answer may come from a proxy after it was taken.
  if (code === 'rateLimitError') return 'unclear'
  return DEFINITE.has(category) ? 'refused' : 'unclear'
}

function errorOf({ errorCategory, errorCode }: z.infer<typeof errorObject>): GsmaError {
  return { category: uncapitalised(errorCategory), code: uncapitalised(errorCode) }
}

function uncapitalised(word: string): string {
  return word.slice(0, 1).toLowerCase() + word.slice(1)
}
