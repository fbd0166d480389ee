import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { decodePdu, encodePdu } from '../../../../src/aggregators/smpp/codec.ts'
import type { UssdDialect, UssdShow } from '../../../../src/aggregators/smpp/ussd/dialect.ts'
import { ussdDialects } from '../../../../src/aggregators/smpp/ussd/dialects.ts'
import { parseUssdPdu, sessionIdOf, type UssdPeer } from '../../../../src/aggregators/smpp/ussd/dialogue.ts'
import { screenFields } from '../../../../src/aggregators/smpp/ussd/screen.ts'
import type { Msisdn } from '../../../../src/domain/msisdn.ts'

/** One PDU of a dialogue: `in` is what the network sends and what it is read as, `out` the screen and what is sent for it. */
type Step = {
  readonly hex: readonly string[]
  readonly in?: string
  readonly text?: string
  readonly session?: string
  readonly out?: UssdShow
}

const WIRE = new URL('../../../wire/smpp/', import.meta.url)
/** Whom we address when we begin. */
const OURS: UssdPeer = {
  msisdn: '+254700000001' as Msisdn,
  session: null,
  address: { ton: 3, npi: 0, address: '384' },
}

test('every dialect has its wire file, and every wire file its dialect', () => {
  expect(readdirSync(WIRE).sort()).toEqual([...ussdDialects.keys()].map((name) => `${name}.yaml`).sort())
})

describe.each([...ussdDialects.values()])('$name', (dialect) => {
  const steps: Step[] = parse(readFileSync(new URL(`${dialect.name}.yaml`, WIRE), 'utf8'))

  test('reads and writes one dialogue octet by octet', () => {
    let peer: UssdPeer = OURS
    for (const step of steps) {
      const octets = Buffer.from(step.hex.join('').replace(/\s/g, ''), 'hex')
      if (step.out !== undefined) {
        const fields = screenFields(dialect, step.out, step.out.startsWith('push') ? OURS : peer, step.text ?? '')
        const sent = encodePdu({
          command: 'submit_sm',
          status: 0,
          sequence: octets.readUInt32BE(12),
          fields: fields ?? {},
        })
        expect(sent.toString('hex')).toBe(octets.toString('hex'))
        continue
      }
      const read = readIn(dialect, octets)
      expect({ in: read.kind, text: read.text, session: read.session }).toEqual({
        in: step.in,
        text: step.text,
        session: step.session,
      })
      if (read.peer !== null) peer = read.peer
    }
  })

  test('has what begins, goes on, ends and is pushed', () => {
    expect(steps.map((step) => step.in ?? step.out)).toEqual(
      expect.arrayContaining(['begin', 'answer', 'abort', 'ask', 'last', 'pushAsk', 'pushNotice']),
    )
  })
})

function readIn(dialect: UssdDialect, octets: Buffer) {
  const decoded = decodePdu(octets)
  if (decoded.kind !== 'pdu') throw new Error(decoded.kind)
  const read = parseUssdPdu(dialect, decoded.pdu, ['*384#'])
  if (read === null || read.kind === 'bad') throw new Error(read === null ? 'an SMS' : read.problem)
  const text = 'text' in read ? read.text.reveal() : undefined
  return { kind: read.kind, text, session: sessionIdOf(dialect, read.peer.msisdn, read.peer.session), peer: read.peer }
}
