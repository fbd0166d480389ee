/**
 * What a data_coding says: SMPP 3.4 §5.2.19 for values below 0x10, above them the octet is that of 3GPP TS 23.038 §4. 0x0F, which
 * SMPP reserves, is the cell broadcast's "7 bit, no language" that USSD centres send.
 */
export type DataCoding = {
  /** `octets`: binary data, compressed text, or an alphabet that we cannot read; each octet is shown as the character of its number. */
  readonly alphabet: 'gsm7' | 'ucs2' | 'octets'
  /** To be shown at once and not kept (message class 0). */
  readonly flash: boolean
}

export function readDataCoding(dataCoding: number): DataCoding {
  const group = dataCoding >> 4
  if (group === 0) return { alphabet: SMPP_ALPHABETS[dataCoding] ?? 'octets', flash: false }
  // General data coding, from 0x40 on with automatic deletion: bit 5 compressed, bit 4 a class in bits 1 and 0, bits 3 and 2 the alphabet.
  if (group < 8) {
    const flash = (dataCoding & 0x13) === 0x10
    if ((dataCoding & 0x20) !== 0) return { alphabet: 'octets', flash }
    return { alphabet: ALPHABETS[(dataCoding >> 2) & 3] ?? 'gsm7', flash }
  }
  // Message waiting, to be stored, in UCS-2; in GSM-7 where the group is 0xC or 0xD. Reserved groups are to be read as GSM-7.
  if (group === 0xe) return { alphabet: 'ucs2', flash: false }
  if (group === 0xf) return { alphabet: (dataCoding & 0x04) === 0 ? 'gsm7' : 'octets', flash: (dataCoding & 3) === 0 }
  return { alphabet: 'gsm7', flash: false }
}

/** ASCII (1) is the first half of Latin-1 (3), and Unicode begins with Latin-1, so `octets` shows both as they are meant. */
const SMPP_ALPHABETS: Readonly<Record<number, DataCoding['alphabet']>> = { 0: 'gsm7', 8: 'ucs2', 15: 'gsm7' }
/** By bits 3 and 2; the last is reserved. */
const ALPHABETS: readonly DataCoding['alphabet'][] = ['gsm7', 'octets', 'ucs2', 'gsm7']
