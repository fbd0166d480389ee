import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { asAdmin, inDatabase } from '../scripts/dialogues/template.ts'
import { migrate } from '../src/database/migrate.ts'

type Stage = { readonly name: string; readonly lines: readonly [instruction: string, rest: string][] }

/** No engine builds the image here, so its stages are folders, its COPY lines copies and its commands run in them. */
const stages = readStages(readFileSync('Dockerfile', 'utf8'))
const [build, packages, image] = ['build', 'packages', ''].map((name) => stages.find((stage) => stage.name === name))
const ignored = readFileSync('.dockerignore', 'utf8').split('\n')
const folder = mkdtempSync(join(tmpdir(), 'nyota-image-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the image', () => {
  beforeAll(() => {
    for (const stage of [build, packages, image]) copyInto(stage)
    linkPackages(build, () => true)
    const built = runIn(build, 'npm run build')
    expect(built.status, built.output).toBe(0)
    linkPackages(packages, (entry) => entry.dev !== true)
    for (const line of copiesOf(image).filter((copy) => copy.from !== null)) {
      const [source, target] = [
        join(folder, line.from ?? '', line.sources[0] ?? ''),
        join(folder, 'image', line.target),
      ]
      cpSync(source.replace('/app/', '/'), target, { recursive: true, verbatimSymlinks: true })
    }
  }, 180_000)

  test('installs with the commands of its stages: the lock file is complete', () => {
    const installs = [build, packages]
      .flatMap((stage) => valuesOf(stage, 'RUN'))
      .filter((run) => run.startsWith('npm ci'))
    expect(installs).toHaveLength(2)
    for (const install of installs) expect(runIn(packages, `${install} --dry-run`)).toMatchObject({ status: 0 })
  })

  test('starts with what it holds, and refuses to without settings, naming each', () => {
    const { status, output } = runIn(image, commandOf(valuesOf(image, 'CMD').at(-1)))
    expect(status).toBe(1)
    for (const name of ['MARKET', 'DATABASE_URL', 'REDIS_URL', 'PIN_KEY'])
      expect(output).toContain(`${name} is missing`)
  })

  test('can migrate with what it holds', () => {
    const { services } = parse(readFileSync('compose.yaml', 'utf8'))
    expect(runIn(image, [...services.migrate.command, '--help'])).toMatchObject({ status: 0 })
  })

  test('holds the menus, the migrations and the licence, and nothing for development', () => {
    const has = (path: string): boolean => existsSync(join(folder, 'image', path))
    for (const path of ['menus/main.yaml', 'dist/src/database/migrations/0001_subscribers.sql', 'LICENSE']) {
      expect([path, has(path)]).toEqual([path, true])
    }
    for (const path of ['src', 'test', '.git', 'node_modules/vitest', 'node_modules/typescript']) {
      expect([path, has(path)]).toEqual([path, false])
    }
  })

  test('does not run as root', () => {
    expect(valuesOf(image, 'USER')).toEqual(['node'])
  })

  test('is healthy while /livez answers well', async () => {
    const check = commandOf(valuesOf(image, 'HEALTHCHECK')[0]?.replace(/^.*?CMD /, ''))
    const answers = [200, 503]
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/livez' ? (answers.shift() ?? 500) : 404
      response.end()
    }).listen(0, '127.0.0.1')
    await new Promise((listening) => server.once('listening', listening))
    const env = { ...process.env, PORT: String((server.address() as AddressInfo).port) }
    const healthy = (): Promise<number | null> => runAside(check, env)
    expect([await healthy(), await healthy()]).toEqual([0, 1])
    server.close()
    expect(await healthy()).toBe(1)
  })
})

describe('the compose file', () => {
  const compose = parse(readFileSync('compose.yaml', 'utf8'))

  test('makes roles with which migrations run, and one of them owns nothing', async () => {
    const suffix = randomBytes(4).toString('hex')
    const script: string = compose.configs.roles.content
    const sql = (/<<'SQL'\n([\s\S]*?)SQL/.exec(script)?.[1] ?? '')
      .replaceAll(/:'\w+'/g, `'sesame'`)
      .replaceAll(/\bnyota(_\w+)?\b/g, (name) => `${name}_${suffix}`)
    await asAdmin(inject('adminUrl'), async (client) => {
      for (const statement of sql.split(';').filter((part) => part.trim() !== '')) await client.query(statement)
      try {
        const url = new URL(inDatabase(inject('adminUrl'), `nyota_${suffix}`))
        url.username = `nyota_owner_${suffix}`
        url.password = 'sesame'
        const { applied } = await migrate(url.href, { applicationRole: `nyota_app_${suffix}` })
        expect(applied[0]).toBe('0001_subscribers')
      } finally {
        await client.query(`DROP DATABASE nyota_${suffix}`)
        await client.query(`DROP ROLE nyota_owner_${suffix}, nyota_app_${suffix}`)
      }
    })
  })

  test('keeps Redis from forgetting and evicting', () => {
    expect(compose.services.redis.command.join(' ')).toMatch(/--appendonly yes .*--maxmemory-policy noeviction/)
  })

  test("does not give the owner's and the superuser's passwords to the gateway", () => {
    const { environment } = compose.services.gateway
    expect(environment).toMatchObject({ DATABASE_OWNER_URL: '', OWNER_PASSWORD: '', POSTGRES_PASSWORD: '' })
    expect(JSON.stringify(compose.services.gateway)).not.toMatch(/\$\{(OWNER|POSTGRES)_PASSWORD/)
  })
})

function readStages(text: string): Stage[] {
  const logical = text.replaceAll(/\\\n/g, ' ').split('\n')
  const lines = logical.filter((line) => line.trim() !== '' && !line.startsWith('#'))
  const found: { name: string; lines: [string, string][] }[] = []
  for (const line of lines) {
    const [instruction = '', rest = ''] = [line.split(' ')[0], line.slice(line.indexOf(' ') + 1)]
    if (instruction === 'FROM') found.push({ name: / AS (\w+)$/.exec(rest)?.[1] ?? '', lines: [] })
    else found.at(-1)?.lines.push([instruction, rest])
  }
  return found
}

function valuesOf(stage: Stage | undefined, instruction: string): string[] {
  return (stage?.lines ?? []).filter(([name]) => name === instruction).map(([, rest]) => rest)
}

function copiesOf(stage: Stage | undefined): { from: string | null; sources: string[]; target: string }[] {
  return valuesOf(stage, 'COPY').map((line) => {
    const words = line.split(' ').filter((word) => !word.startsWith('--'))
    return { from: /--from=(\w+)/.exec(line)?.[1] ?? null, sources: words.slice(0, -1), target: words.at(-1) ?? '' }
  })
}

function folderOf(stage: Stage | undefined): string {
  return join(folder, stage?.name || 'image')
}

/** From the repository, as far as .dockerignore lets it into the build. */
function copyInto(stage: Stage | undefined): void {
  mkdirSync(folderOf(stage), { recursive: true })
  for (const { sources, target } of copiesOf(stage).filter((copy) => copy.from === null)) {
    for (const source of sources) {
      if (!ignored.includes(`!${source.split('/')[0]}`)) throw new Error(`${source} is kept out by .dockerignore`)
      const place = join(folderOf(stage), target.endsWith('/') ? join(target, source) : target)
      mkdirSync(dirname(place), { recursive: true })
      cpSync(source, place, { recursive: true })
    }
  }
}

/** Stands for `npm ci`, which takes long: links to those packages that it would install at the top level. */
function linkPackages(stage: Stage | undefined, isWanted: (entry: { dev?: boolean }) => boolean): void {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, { dev?: boolean }> }
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (!/^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) || !isWanted(entry) || !existsSync(path)) continue
    mkdirSync(join(folderOf(stage), dirname(path)), { recursive: true })
    symlinkSync(resolve(path), join(folderOf(stage), path))
  }
  const binaries = join(folderOf(stage), 'node_modules/.bin')
  if (existsSync('node_modules/.bin')) symlinkSync(resolve('node_modules/.bin'), binaries)
}

function commandOf(json: string | undefined): string[] {
  return JSON.parse(json ?? '[]') as string[]
}

function runIn(stage: Stage | undefined, command: string | string[]): { status: number | null; output: string } {
  const [program = '', ...args] = typeof command === 'string' ? ['sh', '-c', command] : command
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: valuesOf(stage, 'ENV').includes('NODE_ENV=production') ? 'production' : '',
  }
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folderOf(stage),
    env,
    encoding: 'utf8',
    timeout: 120_000,
  })
  return { status, output: stdout + stderr }
}

/** Not waiting for it in this process's own thread, which has to answer it. */
function runAside(command: string[], env: NodeJS.ProcessEnv): Promise<number | null> {
  const child = spawn(command[0] ?? '', command.slice(1), { env, stdio: 'ignore' })
  return new Promise((done) => child.once('exit', done))
}
