import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { decodePdu, encodePdu, MAX_PDU_LENGTH, type Pdu } from '../../../src/aggregators/smpp/codec.ts'
import { type CodingProfile, ordinaryCoding } from '../../../src/aggregators/smpp/coding-profile.ts'
import { standardProfile } from '../../../src/aggregators/smpp/profiles.ts'
import { parseReceipt } from '../../../src/aggregators/smpp/receipt.ts'
import { decodeMessage, encodeShortMessages } from '../../../src/aggregators/smpp/short-message.ts'
import { sourceAddress } from '../../../src/aggregators/smpp/submit.ts'
import { linkTo, rawPeer, sms, type TestLink, until } from './support.ts'

/**
 * What npm's `smpp` does to texts and fields: each defect shown on the bare library, in a copy of it that nothing of ours has set up,
 * then not found in what we put on the wire and read from it.
 */
type LibraryPdu = { readonly [name: string]: unknown; toBuffer(): Buffer }
type Library = {
  readonly PDU: {
    readonly maxLength: number
    new (command: string, fields: object): LibraryPdu
    fromBuffer(octets: Buffer): LibraryPdu
  }
}
const library = freshCopy()

const source = { source_addr: 'NYOTA', destination_addr: '254700000001' }
const receiptText = 'id:7f1 sub:001 dlvrd:001 submit date:2611231200 done date:2611231201 stat:DELIVRD err:000 text:'

const cleanUps: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
})

describe('1: a character outside GSM-7 becomes @', () => {
  test('in the library', () => {
    expect(librarySends({ data_coding: 0, short_message: 'ç' }).short_message).toEqual(Buffer.of(0))
    expect(librarySends({ data_coding: 0, short_message: 'Habari ሰላም' }).short_message).toEqual(
      Buffer.concat([Buffer.from('Habari '), Buffer.alloc(3)]),
    )
  })

  test.each(['ç', 'Habari ሰላም', 'Wanjirũ', '`'])('not in ours: %j reaches the peer as it is', async (text) => {
    const { link, got } = await connect()
    await link.send(sms(text))
    expect(got[0]?.fields.data_coding).toBe(8)
    expect(got[0]?.fields.short_message).toEqual(Buffer.from(text, 'utf16le').swap16())
  })
})

describe('2: GSM-7 octets are labelled as ASCII, ç as Latin-1', () => {
  test('in the library', () => {
    expect(librarySends({ short_message: '£5' })).toMatchObject({ data_coding: 1, short_message: Buffer.of(1, 0x35) })
    expect(librarySends({ short_message: 'ç' })).toMatchObject({ data_coding: 3, short_message: Buffer.of(0xe7) })
  })

  test('not in ours: data_coding is always set and says what the octets are', async () => {
    const { link, got } = await connect()
    await link.send(sms('£5'))
    await link.send(sms('ç'))
    await link.send(sms('£5', { flash: true }))
    await link.send(sms('ç', { flash: true }))
    expect(got.map(({ fields }) => [fields.data_coding, fields.short_message])).toEqual([
      [0, Buffer.of(1, 0x35)],
      [8, Buffer.of(0, 0xe7)],
      [0x10, Buffer.of(1, 0x35)],
      [0x18, Buffer.of(0, 0xe7)],
    ])
  })
})

describe('3: half of data_coding decides', () => {
  const ucs2 = Buffer.from('1230', 'hex')

  test('in the library', () => {
    expect(libraryReads({ data_coding: 0x0f, short_message: Buffer.of(0, 0x41) })).toEqual(Buffer.of(0, 0x41))
    expect(libraryReads({ data_coding: 4, short_message: Buffer.of(0x41) })).toEqual(Buffer.of(0x41))
    expect(libraryReads({ data_coding: 0xe0, short_message: ucs2 })).not.toBe('ሰ')
    expect(librarySends({ data_coding: 0x18, short_message: 'ሰ' }).short_message).toEqual(Buffer.of(0))
    expect(librarySends({ data_coding: 0x10, short_message: '{' }).short_message).toEqual(Buffer.of(0x1b, 0x28))
  })

  test.each([
    [0x0f, Buffer.of(0, 0x41), '@A'],
    [0x04, Buffer.of(0x41), 'A'],
    [0x18, ucs2, 'ሰ'],
    [0xe0, ucs2, 'ሰ'],
    [0xf0, Buffer.of(0, 0x41), '@A'],
    [0xf5, Buffer.of(0x41), 'A'],
  ])('not in ours: %i', (dataCoding, octets, text) => {
    expect(weRead({ data_coding: dataCoding, short_message: octets }).text).toBe(text)
  })

  test('not in ours: flash in UCS-2 is UCS-2', () => {
    const [part] = encodeShortMessages('ሰ', { reference: 0, coding: ordinaryCoding, flash: true }) ?? []
    expect(part?.fields).toMatchObject({ data_coding: 0x18, short_message: ucs2 })
  })
})

describe('4: packed text is not read', () => {
  const packed = Buffer.from('e8329bfd4697d9ec37', 'hex')

  test('in the library', () => {
    expect(libraryReads({ data_coding: 0, short_message: packed })).not.toBe('hellohello')
  })

  test('not in ours, where the profile says so', () => {
    expect(weRead({ data_coding: 0, short_message: packed }, true).text).toBe('hellohello')
    const coding = { ...ordinaryCoding, packed: true }
    const [part] = encodeShortMessages('hellohello', { reference: 0, coding, flash: false }) ?? []
    expect(part?.fields.short_message).toEqual(packed)
  })
})

describe('5: a receipt in ASCII that claims to be UCS-2 is unreadable', () => {
  const fields = { ...source, esm_class: 4, data_coding: 8, short_message: Buffer.from(receiptText) }

  test('in the library', () => {
    expect(String(libraryReads(fields))).toMatch(/^\p{Script=Han}{3}/u)
  })

  test.each([0, 1, 3, 4, 8, 0x18, 0xf5])('not in ours, whatever data_coding is: %i', (dataCoding) => {
    expect(parseReceipt(carry({ ...fields, data_coding: dataCoding }), 'mno1')).toMatchObject({
      providerId: '7f1',
      state: 'delivered',
    })
  })
})

describe('6: fields that the layout cannot hold throw where they are sent', () => {
  test.each<[string, object]>([
    ['a text of 300', { short_message: 'x'.repeat(300) }],
    ['octets of 300', { short_message: Buffer.alloc(300) }],
    ['a number for a text', { short_message: 5 }],
    ['no sender', { source_addr: undefined, short_message: 'x' }],
    ['a number for a number', { destination_addr: 254700000001, short_message: 'x' }],
  ])('in the library: %s', (_, fields) => {
    expect(() => new library.PDU('submit_sm', { ...source, ...fields }).toBuffer()).toThrow()
  })

  const styles: CodingProfile['long'][] = ['udh8', 'udh16', 'sar', 'payload']
  test.each(styles)('not in ours: a text of any length by %s is within the layout or refused', (long) => {
    for (const character of ['x', '€', 'ሰ', '😀']) {
      for (const length of [0, 1, 70, 71, 160, 161, 254, 255, 300, 5_000, 40_000]) {
        const options = { reference: 1, coding: { ...ordinaryCoding, long }, flash: false }
        const parts = encodeShortMessages(character.repeat(length), options)
        for (const { fields } of parts ?? []) expect(carry({ ...source, ...fields }).command).toBe('submit_sm')
        if (parts === null) expect(length).toBeGreaterThan(8_000)
      }
    }
  })

  test('not in ours: what cannot be sent is refused, and nothing is on the wire', async () => {
    const { link, got } = await connect()
    const outcomes = [
      await link.send(sms('x'.repeat(50_000))),
      await link.send(sms('x', { from: '' })),
      await link.send(sms('x', { from: 'MORE THAN ELEVEN' })),
    ]
    expect(outcomes).toEqual([
      { kind: 'refused', reason: 'text_too_long', retry: false },
      { kind: 'refused', reason: 'sender_name_not_allowed', retry: false },
      { kind: 'refused', reason: 'sender_name_not_allowed', retry: false },
    ])
    expect((await link.send(sms('x'))).kind).toBe('accepted')
    expect(got).toHaveLength(1)
  })
})

describe('7: a sender name is cut to seven bits', () => {
  test('in the library', () => {
    expect(librarySends({ source_addr: 'MPÉSA', short_message: 'x' }).source_addr).toBe('MPISA')
  })

  test('not in ours: refused, and nothing is on the wire', async () => {
    const { link, got } = await connect()
    expect(await link.send(sms('x', { from: 'MPÉSA' }))).toEqual({
      kind: 'refused',
      reason: 'sender_name_not_allowed',
      retry: false,
    })
    expect(got).toEqual([])
  })

  test.each(['MPESA', 'M-PESA 24/7', 'a', 'City Water', 'MTN_UG', 'a@b', '12345', '22', '+254700000001', 'Ab[1]'])(
    'not in ours: %j goes out as it is',
    (from) => {
      const { ton, npi, address } = sourceAddress(from, standardProfile) ?? { ton: 0, npi: 0, address: '' }
      const sent = carry({ ...source, source_addr_ton: ton, source_addr_npi: npi, source_addr: address })
      expect(sent.fields).toMatchObject({ source_addr: from.replace('+', ''), source_addr_ton: ton })
    },
  )

  test.each([
    '',
    ' ',
    'MPÉSA',
    'ኒዮታ',
    'a`b',
    'TWELVE CHARS',
    'Ab[12]{345}',
    ' MPESA',
    'MPESA ',
    '123456789',
    '!?',
    'a\u0000b',
  ])('not in ours: %j is refused', (from) => {
    expect(sourceAddress(from, standardProfile)).toBeNull()
  })

  test('not in ours: whatever is let through is the same on the wire', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 13 }), (from) => {
        const address = sourceAddress(from, standardProfile)
        if (address === null) return
        // The type says that a number is international; in a name the sign is a letter like others.
        const written = from.replace(/^\+(?=\d+$)/, '')
        expect(carry({ ...source, source_addr: address.address }).fields.source_addr).toBe(written)
      }),
      { examples: [['+A'], ['+254700000001']] },
    )
  })
})

describe('8: a TLV that the table lacks is read, and dropped when sent', () => {
  const octets = Buffer.from('cafe', 'hex')
  const tlv = Buffer.from('14000002cafe', 'hex')

  test('in the library', () => {
    const sent = new library.PDU('submit_sm', { ...source, 5120: octets, short_message: 'x' }).toBuffer()
    expect(sent.includes(tlv)).toBe(false)
    expect(library.PDU.fromBuffer(withTlv(sent, tlv))['5120']).toEqual(octets)
  })

  test('not in ours: any vendor tag comes back from the wire', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0x1400, max: 0x3fff }), fc.uint8Array({ maxLength: 50 }), (tag, value) => {
        const fields = { ...source, [tag]: Buffer.from(value), short_message: Buffer.from('x') }
        expect(carry(fields).fields).toMatchObject(fields)
      }),
    )
    expect(encodePdu({ command: 'submit_sm', status: 0, sequence: 1, fields: { 5120: octets } }).subarray(-6)).toEqual(
      tlv,
    )
  })

  test('not in ours: a name that is none is told, instead of being left out', () => {
    const encode = (fields: Pdu['fields']): Buffer =>
      encodePdu({ command: 'submit_sm', status: 0, sequence: 1, fields })
    expect(() => encode({ its_session_information: 1 })).toThrow('its_session_information')
    expect(() => encode({ 5120: 'text' })).toThrow('must be octets')
    expect(() => encode({ constructor: 1 })).toThrow('constructor')
  })
})

describe('9: the version claimed is 5.0 unless one is given', () => {
  test('in the library', () => {
    const [bind] = readAll(new library.PDU('bind_transceiver', { system_id: 'x', password: 'y' }).toBuffer())
    expect(bind?.fields.interface_version).toBe(0x50)
  })

  test('not in ours: 3.4', async () => {
    const { binds } = await connect()
    expect(binds.map(({ fields }) => fields.interface_version)).toEqual([0x34])
  })
})

describe('10: a text in a TLV is ended twice by those who end it themselves', () => {
  const once = Buffer.from('001e0004613762' + '00', 'hex')

  test('in the library', () => {
    const sent = new library.PDU('deliver_sm', {
      ...source,
      receipted_message_id: 'a7b\0',
      short_message: 'x',
    }).toBuffer()
    expect(sent.includes(once)).toBe(false)
    expect(sent.includes(Buffer.from('001e000561376200' + '00', 'hex'))).toBe(true)
  })

  test('not in ours: once, however the id is given, and what others ended twice is read', () => {
    for (const id of ['a7b', 'a7b\0', 'a7b\0\0']) {
      const fields = { ...source, receipted_message_id: id, message_state: 2 }
      const sent = encodePdu({ command: 'deliver_sm', status: 0, sequence: 1, fields })
      expect(sent.includes(once)).toBe(true)
      expect(parseReceipt(readAll(sent)[0] as Pdu, 'mno1')?.providerId).toBe('a7b')
    }
    const bare = encodePdu({ command: 'deliver_sm', status: 0, sequence: 1, fields: source })
    const twice = withTlv(bare, Buffer.from('001e00056137620000', 'hex'))
    expect(parseReceipt(readAll(twice)[0] as Pdu, 'mno1')?.providerId).toBe('a7b')
  })
})

describe('11: a payload of more than 16 KiB cannot be read', () => {
  const text = 'x'.repeat(60_000)
  const octets = (): Buffer =>
    encodePdu({
      command: 'deliver_sm',
      status: 0,
      sequence: 9,
      fields: { source_addr: '254700000001', destination_addr: '22384', message_payload: Buffer.from(text) },
    })

  test('in the library', () => {
    expect(library.PDU.maxLength).toBe(16_384)
    expect(() => library.PDU.fromBuffer(octets())).toThrow('too large')
  })

  test('not in ours: it arrives, and the link goes on', async () => {
    const { link, heard, sockets } = await connect()
    sockets[0]?.write(octets())
    await until(() => heard.messages.length === 1, 'the message')
    expect(heard.messages[0]?.text).toBe(text)
    expect((await link.send(sms('x'))).kind).toBe('accepted')
    expect(sockets).toHaveLength(1)
  })

  test('not in ours: the longest payload there can be is within the limit', () => {
    const longest = encodePdu({
      command: 'deliver_sm',
      status: 0,
      sequence: 1,
      fields: { ...source, short_message: Buffer.alloc(254), message_payload: Buffer.alloc(0xffff) },
    })
    expect(longest.length).toBeLessThan(MAX_PDU_LENGTH)
    expect(readAll(longest)).toHaveLength(1)
  })
})

/** The library as a program finds it that loads nothing else. */
function freshCopy(): Library {
  const require = createRequire(import.meta.url)
  const inLibrary = (path: string): boolean => /[\\/]node_modules[\\/]smpp[\\/]/.test(path)
  const kept = Object.entries(require.cache).filter(([path]) => inLibrary(path))
  for (const [path] of kept) delete require.cache[path]
  const fresh = require('smpp') as Library
  for (const path of Object.keys(require.cache).filter(inLibrary)) delete require.cache[path]
  for (const [path, module] of kept) require.cache[path] = module
  return fresh
}

function librarySends(fields: object): Pdu['fields'] {
  return readAll(new library.PDU('submit_sm', { ...source, ...fields }).toBuffer())[0]?.fields ?? {}
}

/** What the library's user finds as the message. */
function libraryReads(fields: Pdu['fields']): unknown {
  const pdu = library.PDU.fromBuffer(encodePdu({ command: 'deliver_sm', status: 0, sequence: 1, fields }))
  return (pdu.short_message as { message: unknown }).message
}

function weRead(fields: Pdu['fields'], packed = false): ReturnType<typeof decodeMessage> {
  return decodeMessage(carry(fields), packed)
}

/** The PDU as its receiver has it. */
function carry(fields: Pdu['fields']): Pdu {
  const [pdu] = readAll(encodePdu({ command: 'submit_sm', status: 0, sequence: 1, fields }))
  if (pdu === undefined) throw new Error('nothing came')
  return pdu
}

function readAll(octets: Buffer): Pdu[] {
  const pdus: Pdu[] = []
  for (let at = 0; at < octets.length; at += octets.readUInt32BE(at)) {
    const decoded = decodePdu(octets.subarray(at, at + octets.readUInt32BE(at)))
    if (decoded.kind !== 'pdu') throw new Error('unreadable')
    pdus.push(decoded.pdu)
  }
  return pdus
}

function withTlv(pdu: Buffer, tlv: Buffer): Buffer {
  const whole = Buffer.concat([pdu, tlv])
  whole.writeUInt32BE(whole.length, 0)
  return whole
}

type Connected = TestLink & { readonly got: Pdu[]; readonly binds: Pdu[]; readonly sockets: Socket[] }

/** A bound link, and what its peer hears of it. The peer takes every message. */
async function connect(): Promise<Connected> {
  const got: Pdu[] = []
  const binds: Pdu[] = []
  const peer = await rawPeer((socket) => {
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk])
      while (rest.length >= 4 && rest.length >= rest.readUInt32BE(0)) {
        const length = rest.readUInt32BE(0)
        const [pdu] = readAll(rest.subarray(0, length))
        rest = rest.subarray(length)
        if (pdu === undefined || pdu.command.endsWith('_resp')) continue
        if (pdu.command.startsWith('bind_')) binds.push(pdu)
        if (pdu.command === 'submit_sm') got.push(pdu)
        const fields = pdu.command === 'submit_sm' ? { message_id: '1' } : {}
        socket.write(encodePdu({ command: `${pdu.command}_resp`, status: 0, sequence: pdu.sequence, fields }))
      }
    })
  })
  cleanUps.push(() => peer.close())
  const link = linkTo(peer.port)
  cleanUps.push(() => link.link.close())
  await until(() => link.link.isUp(), 'bound')
  return { ...link, got, binds, sockets: peer.sockets }
}
