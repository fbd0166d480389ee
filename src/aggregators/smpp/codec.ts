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
export function encodePdu({ command, status, sequence, fields = NO_FIELDS }: EncodablePdu): Buffer {
  const layout = layoutOf(command)
  const tlvs = optionalFields(layout, fields)
  // A response that refuses has no body.
  const isBare = status !== STATUS.ok
  let length = HEADER_LENGTH
  const values: Field[] = []
  for (const { name, type, absent } of isBare ? [] : layout.params) {
    const value = Object.hasOwn(fields, name) ? withoutEnd(command, name, fields[name] as Field) : absent
    values.push(value)
    length += type.size(value)
  }
  if (!isBare) for (const { type, value } of tlvs) length += 4 + type.size(value)
  const octets = Buffer.alloc(length)
  octets.writeUInt32BE(length, 0)
  octets.writeUInt32BE(layout.id, 4)
  octets.writeUInt32BE(status, 8)
  octets.writeUInt32BE(sequence, 12)
  if (isBare) return octets
  let at = HEADER_LENGTH
  for (const [index, { type }] of layout.params.entries()) {
    const value = values[index] as Field
    write(type, value, octets, at)
    at += type.size(value)
  }
  for (const { tag, type, value } of tlvs) {
    const size = type.size(value)
    octets.writeUInt16BE(tag, at)
    octets.writeUInt16BE(size, at + 2)
    write(type, value, octets, at + 4)
    at += 4 + size
  }
  return octets
}

/** Reads one whole PDU, as framed by its length field; never throws. */
export function decodePdu(octets: Buffer): Decoded {
  const commandId = octets.readUInt32BE(4)
  const status = octets.readUInt32BE(8)
  const sequence = octets.readUInt32BE(12)
  const response = commandId >= 0x80000000
  const command = library.commandsById[commandId]?.command
  if (command === undefined) return { kind: 'unusable', response, sequence, reply: STATUS.invalidCommand }
  try {
    return { kind: 'pdu', pdu: { command, status, sequence, fields: readFields(layoutOf(command), octets) } }
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

/** Throws where a length or an integer goes beyond the end. A peer may leave out what stands at the end of the mandatory parameters. */
function readFields({ params, tlvNames }: Layout, octets: Buffer): Record<string, Field> {
  const fields: Record<string, Field> = {}
  const end = octets.readUInt32BE(0)
  let at = HEADER_LENGTH
  for (const { name, type } of params) {
    if (at >= end) break
    const value = type.read(octets, at)
    at += type.size(value)
    if (isField(value)) fields[name] = value
  }
  while (at + 4 <= end) {
    const tag = octets.readUInt16BE(at)
    const length = octets.readUInt16BE(at + 2)
    at += 4
    const tlv = library.tlvsById[tag]
    if (tlv === undefined) fields[tag] = octets.subarray(at, at + length)
    else if (tlv.multiple !== true) {
      const value = tlv.type.read(octets, at, length)
      if (isField(value)) fields[tlvNames[tlv.tag] ?? tlv.tag] = value
    }
    at += length
  }
  return fields
}

type Optional = { readonly tag: number; readonly type: FieldType; readonly value: Field }

function optionalFields({ command, names }: Layout, fields: Pdu['fields']): Optional[] {
  const known: Optional[] = []
  const vendors: Optional[] = []
  for (const name of Object.keys(fields)) {
    if (names.has(name)) continue
    const value = fields[name] as Field
    const tlv = Object.hasOwn(library.tlvs, name) ? library.tlvs[name] : undefined
    if (tlv !== undefined) known.push({ tag: tlv.id, type: tlv.type, value: withoutEnd(command, name, value) })
    else if (VENDOR_TAG.test(name)) vendors.push({ tag: Number(name), type: OCTETS, value: octetsOnly(name, value) })
    else throw new Error(`${command} has no field ${name}, and no TLV is called so.`)
  }
  return vendors.length === 0 ? known : [...known, ...vendors]
}

const VENDOR_TAG = /^\d{1,5}$/

/** Every text is ended where it is written; an end within one would shift all that follows. */
function withoutEnd(command: string, name: string, value: Field): Field {
  if (typeof value !== 'string' || !value.includes('\0')) return value
  const bare = value.replace(/\0+$/, '')
  if (bare.includes('\0')) throw new Error(`${name} of ${command} has an end in its middle.`)
  return bare
}

function octetsOnly(tag: string, value: Field): Buffer {
  if (!Buffer.isBuffer(value)) throw new Error(`TLV ${tag} is known by its number only, so its value must be octets.`)
  return value
}

/** The library copies a text twice on its way. */
function write(type: FieldType, value: Field, octets: Buffer, at: number): void {
  if (type === library.types.cstring && typeof value === 'string') {
    octets.write(value, at, 'latin1')
    octets[at + value.length] = 0
  } else type.write(value, octets, at)
}

type FieldType = {
  readonly default: Field | null
  read(octets: Buffer, at: number, length?: number): unknown
  write(value: Field, octets: Buffer, at: number): void
  size(value: unknown): number
}
type Tlv = { readonly id: number; readonly tag: string; readonly type: FieldType; readonly multiple?: boolean }
type Command = {
  readonly id: number
  readonly command: string
  readonly params?: Readonly<Record<string, { readonly type: FieldType; readonly default?: Field }>>
  readonly tlvMap?: Readonly<Record<string, string>>
}
type Library = {
  readonly commands: Readonly<Record<string, Command>>
  readonly commandsById: Readonly<Record<number, Command>>
  readonly tlvs: Readonly<Record<string, Tlv>>
  readonly tlvsById: Readonly<Record<number, Tlv>>
  readonly types: { readonly cstring: FieldType; readonly tlv: { readonly buffer: FieldType } }
  readonly errors: Readonly<Record<string, number>>
}

const require = createRequire(import.meta.url)
const library = require('smpp') as Library
const OCTETS = library.types.tlv.buffer
const NO_FIELDS: Pdu['fields'] = {}

/** What the octets of a command mean, in order; `absent` is written where nothing was given. */
type Layout = {
  readonly command: string
  readonly id: number
  readonly params: readonly { readonly name: string; readonly type: FieldType; readonly absent: Field }[]
  readonly names: ReadonlySet<string>
  /** TLVs that are called otherwise in this command. */
  readonly tlvNames: Readonly<Record<string, string>>
}

const LAYOUTS: ReadonlyMap<string, Layout> = new Map(
  Object.entries(library.commands).map(([command, { id, params = {}, tlvMap = {} }]) => {
    const list = Object.entries(params).map(([name, { type, ...rest }]) => {
      return { name, type, absent: rest.default ?? type.default ?? '' }
    })
    return [command, { command, id, params: list, names: new Set(Object.keys(params)), tlvNames: tlvMap }]
  }),
)

function layoutOf(command: string): Layout {
  const layout = LAYOUTS.get(command)
  if (layout === undefined) throw new Error(`There is no command ${command}.`)
  return layout
}

const STATUS_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(library.errors).map(([name, status]) => [status, name]),
)

function isField(value: unknown): value is Field {
  return typeof value === 'string' || typeof value === 'number' || Buffer.isBuffer(value)
}
