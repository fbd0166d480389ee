import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { linkTo, sms, until } from './support.ts'

/** A message centre made with Perl's Net::SMPP (Debian: libnet-smpp-perl), which shares no code with npm's `smpp`. */
const HAS_NET_SMPP = spawnSync('perl', ['-MNet::SMPP', '-e', '1']).status === 0

type Centre = { readonly port: number; readonly lines: string[]; close(): Promise<void> }

const opened: Centre[] = []
afterEach(async () => {
  for (const centre of opened.splice(0)) await centre.close()
})

async function openCentre(): Promise<Centre> {
  const child: ChildProcess = spawn('perl', ['test/aggregators/smpp/net-smpp.pl'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  if (child.stdout === null) throw new Error('no output')
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  await until(() => lines.length > 0, 'it listens')
  const centre = {
    port: Number(lines.shift()?.split(' ')[1]),
    lines,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, 'exit')
      child.stdin?.end()
      await exited
    },
  }
  opened.push(centre)
  return centre
}

const submits = (lines: readonly string[]): string[][] =>
  lines.filter((line) => line.startsWith('submit ')).map((line) => line.split(' ').slice(1))

describe.skipIf(!HAS_NET_SMPP)('a message centre that shares no code with ours', () => {
  test('is bound to with 3.4, gets GSM-7, UCS-2 and long messages, and its receipts are acknowledged', async () => {
    const centre = await openCentre()
    const { link, heard } = linkTo(centre.port, { password: new Secret('secret') })
    try {
      await until(() => link.isUp(), 'bound')
      expect(centre.lines).toEqual(['bind demo right 34'])

      const plain = await link.send(sms('@£$ {5} €'))
      const amharic = await link.send(sms('ሰላም'))
      const long = await link.send(sms('x'.repeat(200)))
      expect([plain, amharic, long]).toEqual([
        { kind: 'accepted', providerIds: ['AB01'], segments: 1 },
        { kind: 'accepted', providerIds: ['AB02'], segments: 1 },
        { kind: 'accepted', providerIds: ['AB03', 'AB04'], segments: 2 },
      ])
      // The last line may still be on its way from the other process.
      await until(() => submits(centre.lines).length === 4, 'four submits')
      const [first, second, third, fourth] = submits(centre.lines)
      const to = '254700000001'
      // GSM 03.38: @ is 00, £ 01, $ 02; braces and the euro sign take an escape.
      expect(first).toEqual(['AB01', 'NYOTA', to, '0', '0', '000102201b28351b29201b65'])
      expect(second).toEqual(['AB02', 'NYOTA', to, '0', '8', Buffer.from('ሰላም', 'utf16le').swap16().toString('hex')])
      expect([third?.[3], fourth?.[3]]).toEqual(['64', '64'])
      const [head, tail] = [third?.[5] ?? '', fourth?.[5] ?? '']
      expect([head.slice(0, 6), head.slice(8, 12), tail.slice(8, 12)]).toEqual(['050003', '0201', '0202'])
      expect(head.slice(6, 8)).toBe(tail.slice(6, 8))
      expect(Buffer.from(head.slice(12) + tail.slice(12), 'hex').toString()).toBe('x'.repeat(200))

      await until(() => heard.reports.length === 4, 'every receipt')
      const decimal = ['AB01', 'AB02', 'AB03', 'AB04'].map((id) => String(Number.parseInt(id, 16)))
      expect(heard.reports.map(({ providerId, state, to: phone }) => [providerId, state, phone])).toEqual(
        decimal.map((id) => [id, 'delivered', `+${to}`]),
      )
      await until(() => centre.lines.filter((line) => line.startsWith('acknowledged')).length === 4, 'acknowledged')
      expect(centre.lines.filter((line) => line.startsWith('acknowledged'))).toEqual(
        ['AB01', 'AB02', 'AB03', 'AB04'].map((id) => `acknowledged ${id} 0`),
      )
    } finally {
      await link.close()
    }
    await until(() => centre.lines.at(-1) === 'unbind', 'unbound')
  })

  test('refuses a wrong password, and the link says so and is not up', async () => {
    const centre = await openCentre()
    const { link, heard } = linkTo(centre.port, { password: new Secret('wrong') })
    await until(() => heard.states.length >= 2, 'two tries')
    expect(centre.lines[0]).toBe('bind demo wrong 34')
    expect(new Set(heard.states.map(({ up, reason }) => `${up} ${reason}`))).toEqual(
      new Set(['false bind_refused_ESME_RINVPASWD']),
    )
    expect(link.isUp()).toBe(false)
    await link.close()
  })

  test('is asked whether it is there, and answers', async () => {
    const centre = await openCentre()
    const timings = { enquireEveryMs: 60, responseTimeoutMs: 1_000 }
    const { link, heard } = linkTo(centre.port, { password: new Secret('secret'), timings })
    await until(() => centre.lines.filter((line) => line === 'enquiry').length >= 3, 'asked three times')
    expect([link.isUp(), heard.states.length]).toEqual([true, 1])
    await link.close()
  })
})
