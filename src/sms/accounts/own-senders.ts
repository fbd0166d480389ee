/** Whether a sender or a number that people write to is the service's own, so that no client may send or be written to under it. */
export type IsOwnSender = (address: string) => boolean

/**
 * The service's own senders: `SMS_SENDER`, each link's `from`, and the digits of what people dial (`*384*77#`: 384 and 38477), since networks give
 * the same code to its SMS. Case, signs and blanks make no other sender: a phone's owner would not see the difference.
 */
export function ownSenders(settings: {
  readonly smsSender: string
  readonly serviceCodes: readonly string[]
  readonly linkSenders: readonly (string | null)[]
}): IsOwnSender {
  const { smsSender, serviceCodes, linkSenders } = settings
  const dialled = serviceCodes.flatMap((code) => {
    const groups = code.match(/\d+/g) ?? []
    return [groups[0] ?? '', groups.join('')]
  })
  const own = new Set([smsSender, ...dialled, ...linkSenders.flatMap((sender) => sender ?? [])].map(folded))
  own.delete('')
  return (address) => own.has(folded(address))
}

function folded(address: string): string {
  return address.toLowerCase().replace(/[^a-z0-9]/g, '')
}
