import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { linkTo, sms, until } from '../../aggregators/smpp/support.ts'

function run(...args: string[]) {
  return spawn(process.execPath, ['scripts/launch.mjs', 'fake-network', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

test('npm run fake-network serves both ports as it was told, and Ctrl-C leaves nothing', async () => {
  const args = ['--smpp-port', '0', '--http-port', '0', '--account', 'mno1:secret', '--set', 'refuse=ESME_RINVDSTADR']
  const child = run(...args)
  try {
    let [smppPort, url] = [0, '']
    for await (const line of createInterface({ input: child.stdout })) {
      smppPort = Number(/^SMPP +127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? smppPort)
      url = /^HTTP +(http:\S+)/.exec(line)?.[1] ?? url
      if (url !== '') break
    }
    expect(await (await fetch(`${url}/control`)).json()).toMatchObject({ refuse: 'ESME_RINVDSTADR' })
    const { link: bound } = linkTo(smppPort, { systemId: 'mno1', password: new Secret('secret') })
    await until(() => bound.isUp(), 'bound')
    expect(await bound.send(sms('x'))).toMatchObject({ kind: 'refused', reason: 'ESME_RINVDSTADR' })
    child.kill('SIGINT')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    await expect(fetch(url)).rejects.toThrow()
    await bound.close()
  } finally {
    child.kill('SIGKILL')
  }
})

test.each<[string[], number, RegExp]>([
  [['--help'], 0, /npm run fake-network -- .*--set delayMs=20[\s\S]*loseEvery/],
  [['--set', 'delayMs=soon'], 2, /delayMs cannot be "soon"/],
])('npm run fake-network -- %j', async (args, code, words) => {
  const child = run(...args)
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += String(chunk)))
  const [exit] = await once(child, 'close')
  expect([exit, said]).toEqual([code, expect.stringMatching(words)])
})
