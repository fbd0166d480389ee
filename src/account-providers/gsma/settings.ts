import type { Secret } from '../../domain/secret.ts'
import type { RemoteAccount } from '../account-provider.ts'

/** One provider of `ACCOUNT_PROVIDERS`. */
export type GsmaSettings = {
  readonly id: string
  readonly name: string
  /** Up to and without the slash before `transactions`. */
  readonly baseUrl: string
  /** Sent as X-Client-Id. */
  readonly clientId: string
  /** Sent as X-API-Key. */
  readonly apiKey: Secret
  /** Our own account there. */
  readonly account: RemoteAccount
  /** How ends are told: in the answer itself, by a callback, or when asked. The provider may answer otherwise, and is understood. */
  readonly flow: 'sync' | 'callback' | 'polling'
  /** Where its callbacks go and the key that it has in the path; not null with the flow `callback`. */
  readonly callback: { readonly url: string; readonly key: Secret } | null
  /** `msisdn`: people may link the account they have there under their own number; missing: nobody may link any. */
  readonly linkable?: 'msisdn' | null
  /** A longer chain of requests (a missing response has three) shares it. */
  readonly timeoutMs: number
}
