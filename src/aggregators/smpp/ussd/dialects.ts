import type { UssdDialect, UssdMeaning } from './dialect.ts'

/** SMPP 5.0 §4.8.4.64, and 0x81 as several vendors use it. */
const OPERATIONS: Readonly<Record<string, UssdMeaning>> = {
  1: 'begin',
  18: 'answer',
  19: 'confirmed',
  129: 'abort',
}

const OUT: UssdDialect['outgoing'] = { ask: 0x02, last: 0x11, pushAsk: 0x02, pushNotice: 0x03, pushLast: 0x11 }

/** Networks let a session live for about three minutes, and a screen for less. */
const SILENCE_MS = 120_000

/** What most peers share; the others say where they differ. */
const standard: UssdDialect = {
  name: 'standard',
  operation: 'ussd_service_op',
  incoming: OPERATIONS,
  outgoing: OUT,
  bareIsAbort: true,
  fields: { service_type: 'USSD' },
  session: { tlv: 'its_session_info', mask: 0xfffe, endBit: { in: true, out: true } },
  code: 'short_message',
  dataCoding: { gsm7: 0x0f, ucs2: 0x08 },
  acknowledge: 'before',
  push: 'zero',
  silenceMs: SILENCE_MS,
}

const all: readonly UssdDialect[] = [
  standard,
  // Only the low bit ends anything: the operation stays 2. Written for CDMA, whose data coding is 0.
  {
    ...standard,
    name: 'tata',
    incoming: { ...OPERATIONS, 2: 'answer' },
    outgoing: { ...OUT, last: 0x02, pushLast: 0x02 },
    dataCoding: { gsm7: 0x00, ucs2: 0x08 },
  },
  // The dialled string stands in the destination; the end is said twice.
  { ...standard, name: '6d', code: 'destination_addr' },
  {
    ...standard,
    name: 'mica',
    session: { tlv: 'user_message_reference', mask: 0xffff, endBit: { in: false, out: false } },
    push: 'none',
  },
  // Without a session in its PDUs, or with one that changes with each.
  { ...standard, name: 'huawei', bareIsAbort: false, session: null, push: 'none' },
  // B, C, E, A (begin, continue, end, abort) and R, N, A, F (request, notify, response, release).
  {
    ...standard,
    name: 'service-type',
    operation: 'service_type',
    incoming: {
      ...{ BR: 'begin', CA: 'answer', CR: 'answer', EA: 'confirmed', CF: 'confirmed' },
      ...{ EF: 'abort', ER: 'abort', AR: 'abort', AN: 'abort', AA: 'abort', AF: 'abort' },
    },
    outgoing: { ask: 'CR', last: 'EF', pushAsk: 'BR', pushNotice: 'BN', pushLast: 'EF' },
    bareIsAbort: false,
    fields: { dest_bearer_type: 4 },
    session: null,
    push: 'none',
  },
  // Its session comes back octet by octet, texts may come as message_payload and in data_sm, and its answer waits for the screen.
  {
    ...standard,
    name: 'echo',
    session: { tlv: 'its_session_info', mask: 0xffff, endBit: { in: false, out: false } },
    acknowledge: 'after',
  },
  // The second octet counts the PDUs of a session; what we began ends with a notice.
  {
    ...standard,
    name: 'first-octet',
    outgoing: { ...OUT, pushLast: 0x03 },
    session: { tlv: 'its_session_info', mask: 0xff00, endBit: { in: true, out: true } },
  },
  // A dialogue ends with a notice, which is confirmed.
  {
    ...standard,
    name: 'notice-last',
    outgoing: { ...OUT, last: 0x03, pushLast: 0x03 },
    session: { tlv: 'user_message_reference', mask: 0xffff, endBit: { in: false, out: false } },
    push: 'none',
  },
]

/** The dialects that come with the program, by the name a link's `dialect=` says; docs/smpp-ussd.md tells them apart. */
export const ussdDialects: ReadonlyMap<string, UssdDialect> = new Map(all.map((dialect) => [dialect.name, dialect]))
