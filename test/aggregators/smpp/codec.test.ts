import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodePdu, encodePdu, type Field, type Pdu } from '../../../src/aggregators/smpp/codec.ts'
import { library } from './library.ts'

/** The library's own reading and writing of octets, without its filters for texts and times. */
class LibraryOctets extends library.PDU {
  _filter(): void {}
}

const text = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'09azAZ+. -\u00e9\u007f'), maxLength })
const octets = fc.uint8Array({ maxLength: 255 }).map((bytes) => Buffer.from(bytes))
const octet = fc.nat(0xff)

const LONG_AND_SHORT = {
  service_type: text(5),
  source_addr_ton: octet,
  source_addr: text(20),
  destination_addr: text(20),
  esm_class: octet,
  registered_delivery: octet,
  data_coding: octet,
  short_message: octets,
  message_payload: octets,
  user_message_reference: fc.nat(0xffff),
  receipted_message_id: text(64),
  message_state: octet,
  network_error_code: fc.uint8Array({ minLength: 3, maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
  its_session_info: octets,
  qos_time_to_live: fc.nat(0xffffffff),
}
const FIELDS: Readonly<Record<string, Readonly<Record<string, fc.Arbitrary<Field>>>>> = {
  submit_sm: LONG_AND_SHORT,
  deliver_sm: LONG_AND_SHORT,
  data_sm: { source_addr: text(64), dest_addr_ton: octet, message_payload: octets },
  submit_sm_resp: { message_id: text(64), congestion_state: octet },
  deliver_sm_resp: { message_id: text(64) },
  bind_transceiver: { system_id: text(15), password: text(8), interface_version: octet, address_range: text(40) },
  bind_transceiver_resp: { system_id: text(15), sc_interface_version: octet },
  query_sm_resp: { message_id: text(64), final_date: text(16), message_state: octet, error_code: octet },
  enquire_link: {},
  generic_nack: {},
}
const pdus: fc.Arbitrary<Pdu> = fc.constantFrom(...Object.keys(FIELDS)).chain((command) =>
  fc.record({
    command: fc.constant(command),
    status: fc.constantFrom(0, 0, 0x58),
    sequence: fc.integer({ min: 1, max: 0x7fffffff }),
    fields: fc.record(FIELDS[command] ?? {}, { requiredKeys: [] }) as fc.Arbitrary<Pdu['fields']>,
  }),
)

function libraryOctets({ command, status, sequence, fields }: Pdu): Buffer {
  return new LibraryOctets(command, { ...fields, command_status: status, sequence_number: sequence }).toBuffer()
}

describe('our octets', () => {
  test('are those that the library writes', () => {
    fc.assert(
      fc.property(pdus, (pdu) => {
        const ours = encodePdu(pdu)
        expect(ours).toEqual(libraryOctets(pdu))
        expect(ours.readUInt32BE(0)).toBe(ours.length)
      }),
      { numRuns: 1000 },
    )
  })

  test('are read as what was written', () => {
    fc.assert(
      fc.property(pdus, (pdu) => {
        const decoded = decodePdu(encodePdu(pdu))
        const { fields, ...header } = pdu
        const written = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, sevenBits(value)]))
        expect(decoded).toMatchObject({ kind: 'pdu', pdu: { ...header, fields: pdu.status === 0 ? written : {} } })
      }),
      { numRuns: 1000 },
    )
  })
})

test('what comes is read as the library reads it, also when it is cut or changed on the way', () => {
  const changes = fc.array(fc.record({ at: fc.nat(400), octet }), { maxLength: 3 })
  fc.assert(
    fc.property(pdus, changes, fc.option(fc.nat(40), { nil: 0 }), (pdu, changed, cut) => {
      const whole = encodePdu(pdu)
      const came = Buffer.from(whole.subarray(0, Math.max(16, whole.length - cut)))
      for (const { at, octet: value } of changed) if (at >= 16 && at < came.length) came[at] = value
      came.writeUInt32BE(came.length, 0)
      const decoded = decodePdu(came)
      expect(decoded.kind === 'pdu' ? decoded.pdu.fields : null).toEqual(libraryFields(came))
    }),
    { numRuns: 2000 },
  )
})

/** Null: the library throws. */
function libraryFields(came: Buffer): Record<string, unknown> | null {
  try {
    const raw = Object.entries(new (LibraryOctets as unknown as new (octets: Buffer) => object)(came))
    const isField = (value: unknown): boolean =>
      typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value)
    return Object.fromEntries(raw.filter(([name, value]) => !/^command|^sequence_number$/.test(name) && isField(value)))
  } catch {
    return null
  }
}

/** The library reads texts as ASCII. */
function sevenBits(value: Field): Field {
  return typeof value === 'string' ? Buffer.from(value, 'latin1').toString('ascii') : value
}
