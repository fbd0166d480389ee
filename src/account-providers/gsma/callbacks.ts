import { sameSecret } from '../../security/same-secret.ts'
import type { CallbackVerdict, ProviderCallback } from '../account-provider.ts'
import { ended, type Subject } from './ask.ts'
import { readError } from './errors.ts'

/**
 * Holds a callback against what was asked for: it must carry our correlation id (the API puts it on the callback), and a resource must agree in
 * amount, currency and parties. An error object names nothing, so the correlation id alone speaks for it.
 */
export function judge({ correlationId, body }: ProviderCallback, subject: Subject): CallbackVerdict {
  if (correlationId === null || !sameSecret(correlationId.toLowerCase(), subject.correlationId)) {
    return { kind: 'mismatch', what: 'correlation' }
  }
  const outcome = readError(body) === null ? subject.read(body) : ended(body)
  switch (outcome.kind) {
    case 'done':
    case 'refused':
      return { kind: 'hint', says: outcome.kind }
    case 'pending':
      return { kind: 'hint', says: 'unclear' }
    case 'unknown':
      return readError(body) === null && outcome.cause !== 'a state nobody told us'
        ? { kind: 'mismatch', what: 'content' }
        : { kind: 'hint', says: 'unclear' }
  }
}
