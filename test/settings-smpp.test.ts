import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { SmppLinkSettings } from '../src/aggregators/smpp/settings.ts'
import { readSmppLinks } from '../src/settings-partners.ts'
import { makeReader } from '../src/settings-reader.ts'

const files: Record<string, string> = {
  'ca.pem': readFileSync('test/aggregators/smpp/tls/ca.pem', 'utf8'),
  'text.pem': 'no certificate',
  'profiles.yaml': 'mno1: { version: 5.0, system_type: VMA }',
  'bad.yaml': 'mno1: { version: 6 }',
}

function read(
  links: string,
  env: Record<string, string> = {},
): { links: readonly SmppLinkSettings[]; problems: string[] } {
  const reader = makeReader({ SMPP_LINKS: links, ...env }, (path) => {
    const text = files[path]
    if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' })
    return text
  })
  return { links: readSmppLinks(reader), problems: reader.problems }
}

test('a link has usual values for what its URL does not say', () => {
  const { links, problems } = read('smpp://demo:sesame@smsc?name=mno1')
  expect(problems).toEqual([])
  expect(links[0]).toMatchObject({
    ...{
      port: 2775,
      tls: null,
      bind: 'transceiver',
      binds: 1,
      window: 10,
      tps: 50,
      prefixes: [],
      from: null,
      cost: null,
    },
    profile: { name: 'standard', version: 0x34, coding: { long: 'udh8' } },
  })
})

test('a link is as its profile says, but for what its URL changes', () => {
  const url =
    'smpps://demo:sesame@smsc?name=mno1&binds=3&profile=mno1&long=sar&flash_gsm7=0xF0&name_npi=1&from=NYOTA-KE&cost=80&ca=ca.pem&servername=smsc.test'
  const { links, problems } = read(url, { SMPP_PROFILES: 'profiles.yaml' })
  expect(problems).toEqual([])
  expect(links[0]).toMatchObject({
    ...{ binds: 3, from: 'NYOTA-KE', cost: 80n, tls: { ca: files['ca.pem'], servername: 'smsc.test' } },
    profile: {
      ...{ name: 'mno1', version: 0x50, systemType: 'VMA', source: { alphanumeric: { ton: 5, npi: 1 } } },
      coding: { long: 'sar', flashGsm7: 0xf0 },
    },
  })
})

test.each([
  ['a profile that is none', 'profile=mno9', {}, /URL 1: profile must be one of standard, smpp5, sar/],
  ['a field that is wrong', 'long=yes', {}, /URL 1: long must be one of udh8, udh16, sar, payload\.$/],
  ['no connections', 'binds=0', {}, /URL 1: binds must be a whole number from 1 to 16/],
  ['a cost with a point', 'cost=0.8', {}, /cost must be what one segment costs, a whole number of minor units/],
  ['a sender that is too long', 'from=TWELVELETTER', {}, /from must be up to 11 letters/],
  ['an authority without TLS', 'ca=ca.pem', {}, /ca and servername are for TLS; begin the URL with smpps:/],
  [
    'profiles that are not there',
    '',
    { SMPP_PROFILES: 'none.yaml' },
    /SMPP_PROFILES names none.yaml, which cannot be read \(ENOENT\)/,
  ],
  [
    'profiles that are wrong',
    '',
    { SMPP_PROFILES: 'bad.yaml' },
    /SMPP_PROFILES, profile mno1: version must be 3.4 or 5.0/,
  ],
])('%s is told', (_, parameters, env: Record<string, string>, problem) => {
  const { problems } = read(`smpp://demo:sesame@smsc?name=mno1&${parameters}`, env)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(problem)
  expect(problems.join()).not.toContain('sesame')
})

test.each([
  ['that is not there', 'none.pem', /URL 1: ca names none.pem, which cannot be read \(ENOENT\)/],
  ['that holds none', 'text.pem', /ca must name a file with a certificate in PEM/],
])('a file of an authority %s is told', (_, path, problem) => {
  const { problems } = read(`smpps://demo:sesame@smsc?name=mno1&ca=${path}`)
  expect(problems).toHaveLength(1)
  expect(problems[0]).toMatch(problem)
})
