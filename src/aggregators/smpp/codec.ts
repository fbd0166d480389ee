import { createRequire } from 'node:module'

/**
 * The only file that knows npm's `smpp`, and only its tables and octet layout (SMPP 3.4 §3.2, §4): sockets, sessions and texts are
 * ours. Texts travel as Buffers both ways, since the library changes what is outside its alphabets without a word.
 */

export type Field = string | number | Buffer

export type Pdu = {
  /** `submit_sm`, `deliver_sm_resp`, … */
  readonly command: string
  /** 0 is success (SMPP 3.4 §5.1.3). */
  readonly status: number
  readonly sequence: number
  /** Mandatory and optional parameters by their names in the specification. */
  readonly fields: Readonly<Record<string, Field>>
}

export type Decoded =
  | { readonly kind: 'pdu'; readonly pdu: Pdu }
  /** The header is sound, what follows is not; or the command is none that we know. `reply` is the status to nack with. */
  | { readonly kind: 'unusable'; readonly response: boolean; readonly sequence: number; readonly reply: number }

export const HEADER_LENGTH = 16
/** Longer ones are an attack or a framing error: a message_payload holds 64 KiB at most (SMPP 3.4 §5.3.2.32), and little stands beside it. */
export const MAX_PDU_LENGTH = 73_728
export const MAX_SEQUENCE = 0x7fffffff

export const STATUS = {
  ok: 0x00,
  invalidMessageLength: 0x01,
  invalidLength: 0x02,
  invalidCommand: 0x03,
  invalidBindState: 0x04,
  alreadyBound: 0x05,
  systemError: 0x08,
  invalidDestination: 0x0b,
  bindFailed: 0x0d,
  invalidPassword: 0x0e,
  queueFull: 0x14,
  submitFailed: 0x45,
  throttled: 0x58,
  invalidExpiry: 0x62,
  temporaryAppError: 0x64,
  permanentAppError: 0x65,
  rejectedByApp: 0x66,
  deliveryFailure: 0xfe,
  unknown: 0xff,
} as const

/**
 * Returns the PDU's octets. A vendor's TLV is named by its tag in decimal, `5120`, and given as octets. Throws for a field that the
 * layout cannot hold or does not know: callers check lengths before.
 */
export function encodePdu({ command, status, sequence, fields = {} }: EncodablePdu): Buffer {
  const known: Record<string, Field> = {}
  const vendors: Buffer[] = []
  for (const [name, value] of Object.entries(fields)) {
    if (VENDOR_TAG.test(name)) vendors.push(encodeTlv(Number(name), value))
    else if (Object.hasOwn(library.tlvs, name) || Object.hasOwn(library.commands[command]?.params ?? {}, name))
      known[name] = typeof value === 'string' ? withoutEnd(command, name, value) : value
    else throw new Error(`${command} has no field ${name}, and no TLV is called so.`)
  }
  const octets = new RawPdu(command, { ...known, command_status: status, sequence_number: sequence }).toBuffer()
  // A response that refuses has no body.
  if (vendors.length === 0 || status !== STATUS.ok) return octets
  const whole = Buffer.concat([octets, ...vendors])
  whole.writeUInt32BE(whole.length, 0)
  return whole
}

/** Reads one whole PDU, as framed by its length field; never throws. */
export function decodePdu(octets: Buffer): Decoded {
  const commandId = octets.readUInt32BE(4)
  const status = octets.readUInt32BE(8)
  const sequence = octets.readUInt32BE(12)
  const response = commandId >= 0x80000000
  if (library.commandsById[commandId] === undefined)
    return { kind: 'unusable', response, sequence, reply: STATUS.invalidCommand }
  try {
    const raw = new RawPdu(octets)
    const fields: Record<string, Field> = {}
    for (const [name, value] of Object.entries(raw)) {
      if (!HEADER_FIELDS.has(name) && isField(value)) fields[name] = value
    }
    return { kind: 'pdu', pdu: { command: String(raw.command), status, sequence, fields } }
  } catch {
    return { kind: 'unusable', response, sequence, reply: STATUS.invalidLength }
  }
}

export function isResponse(pdu: Pdu): boolean {
  return pdu.command.endsWith('_resp') || pdu.command === 'generic_nack'
}

/** `ESME_RTHROTTLED` for 0x58; the number in hexadecimal where it has no name. */
export function statusName(status: number): string {
  return STATUS_NAMES.get(status) ?? `0x${status.toString(16)}`
}

/** 0x58 for `ESME_RTHROTTLED`; 0xFF, an unknown error, for a name that is none. */
export function statusNumber(name: string): number {
  return library.errors[name] ?? STATUS.unknown
}

export function textField(pdu: Pdu, name: string): string {
  const value = pdu.fields[name]
  return typeof value === 'string' ? value : ''
}

export function numberField(pdu: Pdu, name: string): number | null {
  const value = pdu.fields[name]
  return typeof value === 'number' ? value : null
}

export function octetsField(pdu: Pdu, name: string): Buffer | null {
  const value = pdu.fields[name]
  return Buffer.isBuffer(value) ? value : null
}

type EncodablePdu = Omit<Pdu, 'fields'> & { readonly fields?: Pdu['fields'] }

const VENDOR_TAG = /^\d{1,5}$/

/** The library ends every text itself; an end within one would shift all that follows. */
function withoutEnd(command: string, name: string, text: string): string {
  if (!text.includes('\0')) return text
  const bare = text.replace(/\0+$/, '')
  if (bare.includes('\0')) throw new Error(`${name} of ${command} has an end in its middle.`)
  return bare
}

function encodeTlv(tag: number, value: Field): Buffer {
  if (!Buffer.isBuffer(value)) throw new Error(`TLV ${tag} is known by its number only, so its value must be octets.`)
  const header = Buffer.alloc(4)
  header.writeUInt16BE(tag, 0)
  header.writeUInt16BE(value.length, 2)
  return Buffer.concat([header, value])
}

type LibraryPdu = { readonly [name: string]: unknown; toBuffer(): Buffer }
type Library = {
  readonly PDU: {
    maxLength: number
    new (command: string | Buffer, options?: Record<string, unknown>): LibraryPdu
  }
  readonly commands: Readonly<Record<string, { readonly params?: object }>>
  readonly tlvs: object
  readonly commandsById: Readonly<Record<number, unknown>>
  readonly errors: Readonly<Record<string, number>>
}

const require = createRequire(import.meta.url)
const library = require('smpp') as Library
library.PDU.maxLength = MAX_PDU_LENGTH

/** The library's PDU without its filters, which re-encode texts and times. */
class RawPdu extends library.PDU {
  _filter(): void {}
}

const HEADER_FIELDS: ReadonlySet<string> = new Set([
  'command',
  'command_length',
  'command_id',
  'command_status',
  'sequence_number',
])
const STATUS_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(library.errors).map(([name, status]) => [status, name]),
)

function isField(value: unknown): value is Field {
  return typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value)
}
