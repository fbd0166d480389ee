/**
 * Septets packed into octets, eight in seven, as some networks want them (3GPP TS 23.038 §6.1.2). A header in front of them is
 * followed by fill bits up to the next septet. Seven spare bits at the end would read as `@`, so they are a carriage return, which
 * a reader takes off again (§6.1.2.3.1).
 */

/**
 * `septets`: one an octet. `headerLength`: octets in front of them, which are not in the result. Null: the last septet is a
 * carriage return just where a reader takes one for padding, so that it would be lost.
 */
export function packSeptets(septets: Uint8Array, headerLength = 0): Buffer | null {
  if (septets.length === 0) return Buffer.alloc(0)
  const fill = fillBits(headerLength)
  const bits = fill + 7 * septets.length
  if (bits % 8 === 0 && septets[septets.length - 1] === CARRIAGE_RETURN) return null
  const octets = Buffer.alloc(Math.ceil(bits / 8))
  for (let at = 0; at < septets.length; at += 1) put(octets, fill + 7 * at, septets[at] ?? 0)
  if (bits % 8 === 1) put(octets, bits, CARRIAGE_RETURN)
  return octets
}

/** The other way, one septet an octet. Fill bits and padding are taken off. */
export function unpackSeptets(octets: Uint8Array, headerLength = 0): Buffer {
  const fill = fillBits(headerLength)
  const count = Math.max(0, Math.floor((8 * octets.length - fill) / 7))
  const septets = Buffer.alloc(count)
  for (let at = 0; at < count; at += 1) {
    const bit = fill + 7 * at
    const pair = (octets[bit >> 3] ?? 0) | ((octets[(bit >> 3) + 1] ?? 0) << 8)
    septets[at] = (pair >> (bit & 7)) & 0x7f
  }
  const padded = count > 0 && (fill + 7 * count) % 8 === 0 && septets[count - 1] === CARRIAGE_RETURN
  return padded ? septets.subarray(0, -1) : septets
}

const CARRIAGE_RETURN = 0x0d

/** Bits from the end of a header to the next multiple of seven. */
function fillBits(headerLength: number): number {
  return (7 - ((8 * headerLength) % 7)) % 7
}

function put(octets: Buffer, bit: number, septet: number): void {
  const at = bit >> 3
  const shifted = septet << (bit & 7)
  octets[at] = (octets[at] ?? 0) | (shifted & 0xff)
  if (shifted > 0xff) octets[at + 1] = (octets[at + 1] ?? 0) | (shifted >> 8)
}
