import { BlockList, isIP } from 'node:net'

/** Addresses of machines, single ones and networks, IPv4 and IPv6. */
export type AddressList = {
  /** As they were given. */
  readonly words: readonly string[]
  /** Whether an address is one of them; an IPv4 address inside IPv6 (RFC 4291 §2.5.5.2) is that IPv4 address. Never for what is no address. */
  readonly has: (address: string) => boolean
}

/** Reads `196.0.2.0/24`, `196.0.2.7`, `2001:db8::/32`; `wrong` names what is neither an address nor a network. */
export function parseAddresses(words: readonly string[]): {
  readonly list: AddressList
  readonly wrong: readonly string[]
} {
  const known = new BlockList()
  const wrong = words.filter((word) => !add(known, word))
  const has = (address: string): boolean => {
    const plain = plainAddress(address)
    return plain !== null && known.check(plain, isIP(plain) === 4 ? 'ipv4' : 'ipv6')
  }
  return { list: { words, has }, wrong }
}

function add(known: BlockList, word: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(word) ?? []
  const version = isIP(address)
  if (version === 0 || address.includes('%')) return false
  const most = version === 4 ? 32 : 128
  const length = bits === undefined ? most : Number(bits)
  // A list that holds everybody is no list.
  if (length > most || length === 0) return false
  known.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6')
  return true
}

/** Without the IPv6 around an IPv4 address; null for what is no address. */
function plainAddress(address: string): string | null {
  const plain = address.trim().replace(/^::ffff:(?=\d+\.)/i, '')
  return isIP(plain) === 0 ? null : plain
}

/** More hops than any chain of proxies has. */
const MOST_FORWARDS = 20

/**
 * Who a request comes from. `remote` is the other end of the connection, which cannot lie; what it says of others (`X-Forwarded-For`) is
 * believed only of proxies that are ours, from the right: each appends whom it heard, so the first that is no proxy of ours is the caller,
 * and whatever stands left of it was made up by the caller. Null where a proxy of ours names nobody that is an address.
 */
export function callerAddress(remote: string, forwardedFor: string, proxies: AddressList): string | null {
  let caller = plainAddress(remote)
  const forwards = forwardedFor.split(',').filter((word) => word.trim() !== '')
  for (let taken = 0; caller !== null && proxies.has(caller) && forwards.length > 0; taken++) {
    if (taken === MOST_FORWARDS) return null
    caller = plainAddress(forwards.pop() ?? '')
  }
  return caller
}
