import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'

/** A clone of the repository in little: the launcher, a tool, a lock file, and commands that only say what they were called with. */
const clone = mkdtempSync(join(tmpdir(), 'nyota-launch-'))
const commands = join(clone, 'commands')
const npm = join(clone, 'npm.cjs')

beforeEach(() => {
  rmSync(clone, { recursive: true, force: true })
  mkdirSync(join(clone, 'scripts'), { recursive: true })
  mkdirSync(commands)
  cpSync('scripts/launch.mjs', join(clone, 'scripts/launch.mjs'))
  write('package.json', '{ "type": "module" }')
  write('package-lock.json', '{}')
  write('scripts/greet.ts', 'process.stdout.write("greet " + process.argv.slice(2)); process.exitCode = 7 as number')
  write(
    'npm.cjs',
    `const fs = require('fs'); console.log('npm', process.argv.slice(2).join(' '))
    fs.mkdirSync('node_modules/.bin', { recursive: true }); fs.writeFileSync('node_modules/.package-lock.json', '{}')
    for (const name of ['tsx', 'esbuild', '@esbuild', 'get-tsconfig', 'resolve-pkg-maps'])
      try { fs.symlinkSync('${resolve('node_modules')}/' + name, 'node_modules/' + name) } catch {}`,
  )
  write('commands/redis-server', '#!/bin/sh\nexit 0\n')
  symlinkSync(process.execPath, join(commands, 'node'))
})
afterAll(() => rmSync(clone, { recursive: true, force: true }))

function write(path: string, text: string): void {
  writeFileSync(join(clone, path), text, { mode: 0o755 })
}

function launch(args: string[], nodeOptions: string[] = []): { status: number | null; stdout: string; stderr: string } {
  const env = { PATH: commands, npm_execpath: npm }
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, 'scripts/launch.mjs', ...args], {
    ...{ cwd: clone, env, encoding: 'utf8' },
  })
  return { status, stdout, stderr }
}

const CI = 'npm ci --include=dev --no-audit --no-fund --loglevel=error'

describe('the launcher', () => {
  test('installs packages in a bare clone, says so, then runs the tool with its arguments and its exit code', () => {
    expect(launch(['greet', 'amina', '--loud'])).toEqual({
      status: 7,
      stdout: 'greet amina,--loud',
      stderr: expect.stringContaining(`Installing packages: npm ci\n${CI}`),
    })
  })

  test('installs again only when the lock file is newer', () => {
    launch(['greet'])
    expect(launch(['greet']).stderr).toBe('')
    const later = new Date(Date.now() + 60_000)
    utimesSync(join(clone, 'package-lock.json'), later, later)
    expect(launch(['greet']).stderr).toContain(CI)
  })

  test('says what to do when packages cannot be installed', () => {
    write('npm.cjs', 'process.exit(1)')
    expect(launch(['greet'])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/npm ci failed; .* check the network/),
    })
  })

  test('names the command that installs a missing Redis where it cannot do so itself', () => {
    rmSync(join(commands, 'redis-server'))
    expect(launch(['greet'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('run: apt-get install redis-server'),
    })
  })

  test('runs what was compiled where there is nothing to compile with, and installs nothing', () => {
    mkdirSync(join(clone, 'dist/scripts'), { recursive: true })
    write('dist/scripts/greet.js', 'process.stdout.write("built " + process.argv.slice(2))')
    expect(launch(['greet', 'juma'])).toEqual({ status: 0, stdout: 'built juma', stderr: '' })
  })

  test('knows what it cannot run', () => {
    expect(launch(['sing'])).toMatchObject({ status: 1, stderr: expect.stringContaining('There is no tool sing') })
    expect(launch(['../greet'])).toMatchObject({ status: 1, stderr: expect.stringContaining('There is no tool') })
  })

  test.each(['12.22.0', '18.19.0', '20.18.3', '22.11.0', '23.5.0'])('tells Node %s that it will not do', (version) => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`
    const { status, stderr } = launch(['greet'], ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`])
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^Nyota does not run on Node .*; install Node 24, or/)])
  })

  test('accepts the versions of Node that package.json names', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8'))
    expect(engines.node).toBe('^20.19.0 || ^22.12.0 || >=24.0.0')
  })
})
