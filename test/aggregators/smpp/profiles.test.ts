import { afterEach, describe, expect, test } from 'vitest'
import { builtInProfiles, changeProfile, type SmppProfile } from '../../../src/aggregators/smpp/profiles.ts'
import { readProfiles } from '../../../src/aggregators/smpp/read-profiles.ts'
import { type StubSmsc, startStubSmsc } from './stub-smsc.ts'
import { linkTo, sms, until } from './support.ts'

const standard = builtInProfiles.get('standard') as SmppProfile

describe('profiles in a file', () => {
  test('say what differs from the one that they are like, in words or numbers', () => {
    const { profiles, problems } = readProfiles(`
mno1:
  system_type: VMA
  version: 5.0
  name_npi: 1
  flash_gsm7: 0xF0
  packed: true
  national: [spanish, portuguese]
mno1-night: { like: mno1, long: sar, version: 3.4 }
`)
    expect(problems).toEqual([])
    const mno1 = profiles.get('mno1')
    expect(mno1).toMatchObject({
      ...{ name: 'mno1', version: 0x50, systemType: 'VMA', destination: standard.destination },
      source: { ...standard.source, alphanumeric: { ton: 5, npi: 1 } },
      coding: { gsm7: 0, flashGsm7: 0xf0, packed: true, long: 'udh8', national: ['spanish', 'portuguese'] },
    })
    expect(profiles.get('mno1-night')).toMatchObject({ version: 0x34, systemType: 'VMA', coding: { long: 'sar' } })
    expect(profiles.get('standard')).toBe(standard)
  })

  test.each([
    ['no YAML', 'a: [', /line 1 is no YAML/],
    ['no map', '- a', /must be a map/],
    ['a name in capitals', 'MNO: {}', /profile MNO: its name/],
    ['a built-in name', 'standard: {}', /profile standard: is built in/],
    [
      'a field that is none',
      'mno1: { sytem_type: x }',
      /profile mno1: sytem_type is no field; known are like, version/,
    ],
    ['an unknown likeness', 'mno1: { like: mno2 }', /profile mno1: like must name one of standard, smpp5/],
    ['a version that nobody speaks', 'mno1: { version: 3.3 }', /profile mno1: version must be 3.4 or 5.0/],
    ['a TON of 9', 'mno1: { destination_ton: 9 }', /destination_ton must be a whole number from 0 to 7/],
    ['an octet of 256', 'mno1: { gsm7: 256 }', /gsm7 must be a whole number from 0 to 255/],
    ['a long system type', 'mno1: { system_type: thirteencharact }', /system_type must be at most 12 ASCII/],
    ['a form of long messages that is none', 'mno1: { long: udh }', /long must be one of udh8/],
    ['a table that is none', 'mno1: { national: [klingon] }', /national must be of turkish/],
  ])('%s is told', (_, text, problem) => {
    const { problems } = readProfiles(text)
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(problem)
  })
})

test('every built-in profile can be spoken', () => {
  expect([...builtInProfiles.keys()]).toEqual([
    'standard',
    'smpp5',
    'sar',
    'payload',
    'udh16',
    'packed',
    'unknown-numbers',
  ])
  for (const [name, profile] of builtInProfiles) expect(profile.name).toBe(name)
})

describe('on the wire', () => {
  const cleanUps: (() => unknown)[] = []
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp()
  })

  async function submitted(profile: SmppProfile, from: string | null): Promise<StubSmsc> {
    const smsc = await startStubSmsc((got) => got.answer())
    const { link } = linkTo(smsc.port, { profile, from })
    cleanUps.push(
      () => smsc.close(),
      () => link.close(),
    )
    await until(() => link.isUp(), 'bound')
    expect((await link.send(sms('x'))).kind).toBe('accepted')
    return smsc
  }

  test('the bind and each submit are as the profile says', async () => {
    const { profile } = changeProfile(standard, 'x', {
      ...{ version: '5.0', system_type: 'VMA', address_range: '^22384$', service_type: 'CMT' },
      ...{ name_ton: '6', name_npi: '8', destination_ton: '2', destination_npi: '3' },
    })
    const smsc = await submitted(profile, null)
    expect(smsc.binds[0]?.fields).toMatchObject({
      ...{ interface_version: 0x50, system_type: 'VMA', address_range: '^22384$' },
    })
    expect(smsc.submits[0]?.fields).toMatchObject({
      ...{ service_type: 'CMT', source_addr: 'NYOTA', source_addr_ton: 6, source_addr_npi: 8 },
      ...{ dest_addr_ton: 2, dest_addr_npi: 3 },
    })
  })

  test.each([
    ['NYOTA-KE', 5, 0, 'NYOTA-KE'],
    ['22384', 3, 0, '22384'],
    ['+254700000009', 1, 1, '254700000009'],
  ])("the link's own sender %s goes before that of the message", async (from, ton, npi, address) => {
    const smsc = await submitted(standard, from)
    expect(smsc.binds[0]?.fields.interface_version).toBe(0x34)
    expect(smsc.submits[0]?.fields).toMatchObject({
      source_addr: address,
      source_addr_ton: ton,
      source_addr_npi: npi,
    })
  })
})
