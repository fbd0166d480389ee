import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, expect, test } from 'vitest'
import { readDialogue } from '../../../scripts/dialogues/file.ts'
import { playDialogue, showDifferences } from '../../../scripts/dialogues/play.ts'
import { openWorld } from '../../support/world.ts'

const folder = mkdtempSync(join(tmpdir(), 'dial-saved-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('what a phone saves at a gateway passes as a test at another, and holds no PIN and no code', async () => {
  const file = join(folder, 'activate.en.yaml')
  const world = await openWorld()
  const code = await activate(world.gateway.url, world.test.network.httpUrl, file)
  await world.close()
  const saved = readFileSync(file, 'utf8')
  expect(saved).not.toContain(code)
  expect(saved).not.toContain('64093')
  const read = readDialogue(saved)
  if (read.kind === 'wrong') throw new Error(read.problems.join('\n'))
  const other = await openWorld()
  const played = await playDialogue(read.dialogue, other, { delivery: 'once', record: false, patienceMs: 10_000 })
  await other.close()
  expect(showDifferences(played.differences)).toBe('')
}, 60_000)

/** Baraka's first dial, typed by a script that reads what the phone prints; gives the code that came by SMS. */
async function activate(url: string, network: string, file: string): Promise<string> {
  const args = ['--from', '+254700000004', '--url', url, '--network', network, '--json', '--save', file]
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/dial.ts', ...args])
  const closed = new Promise((resolve) => child.on('close', resolve))
  let code = ''
  for await (const line of createInterface(child.stdout)) {
    const shown: { type: string; text?: string } = JSON.parse(line)
    const arrived = shown.type === 'sms' ? /^\d{6}/.exec(shown.text ?? '')?.[0] : undefined
    if (arrived !== undefined) {
      code = arrived
      // The code, the terms, the new PIN twice; then the welcome.
      child.stdin.end(`${code}\n1\n64093\n64093\n:sms\n:sms\n`)
    }
  }
  expect(await closed).toBe(0)
  return code
}
