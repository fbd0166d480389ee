// Runs one of the tools (`npm run demo`, `npm test`, …). From a bare clone it first installs what is missing, and says so. Plain
// JavaScript without dependencies, in words that old versions of Node understand as well, so that it can tell them what is wrong.
// The tool runs in this process: signals, exit code and terminal are its own.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const WITHOUT_STORES = ['check', 'dial', 'fake-network', 'links', 'menus', 'partners']
const BUILT_FIRST = ['demo', 'bench', 'chaos']
const INSTALL_REDIS = 'apt-get install redis-server'
const NET_SMPP = 'libnet-smpp-perl'

main(process.argv[2], process.argv.slice(3)).catch((error) => {
  process.stderr.write(`${process.env.DEBUG ? error.stack : error.message}\n`)
  process.exit(1)
})

async function main(tool, args) {
  checkNode()
  process.chdir(ROOT)
  const isBuilt = existsSync(`dist/scripts/${tool}.js`)
  if (isBuilt && !existsSync('node_modules/tsx')) return run(`dist/scripts/${tool}.js`, args)
  installPackages()
  if (!WITHOUT_STORES.includes(tool) && !process.env.DATABASE_URL) installRedis(tool === 'test')
  if (tool === 'test') {
    installNetSmpp()
    return test(args)
  }
  if (tool === 'check') return check()
  if (!/^[a-z-]+$/.test(tool || '') || !existsSync(`scripts/${tool}.ts`))
    throw new Error(`There is no tool ${tool}; see scripts/.`)
  if (BUILT_FIRST.includes(tool)) build()
  const tsx = await import('tsx/esm/api')
  tsx.register()
  return run(`scripts/${tool}.ts`, args)
}

/** The same versions as `engines` in package.json. */
function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24) return
  throw new Error(
    `Nyota does not run on Node ${process.versions.node}; install Node 24, or 22.12 or later, or 20.19 or later.`,
  )
}

/** `npm ci` where packages are missing, or older than the lock file. */
function installPackages() {
  const installed = 'node_modules/.package-lock.json'
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync('package-lock.json').mtimeMs) return
  say('Installing packages: npm ci')
  const status = npm(['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
  if (status !== 0) throw new Error('npm ci failed; see above, check the network, then try again.')
}

/** From the system's packages when we are root, and not as a service; otherwise names the command. Tests can do without. */
function installRedis(optional) {
  if (works('redis-server', ['--version'])) return
  if (mayInstall()) {
    say(`redis-server is missing. Installing it: ${INSTALL_REDIS}`)
    install('redis-server')
    if (works('redis-server', ['--version'])) return
  }
  if (!optional) throw new Error(`redis-server is missing; run: ${INSTALL_REDIS}`)
}

/** For the tests with a peer that shares no code with ours; without it they are skipped, and the command is named. */
function installNetSmpp() {
  const isThere = () => works('perl', ['-MNet::SMPP', '-e', '1'])
  if (isThere()) return
  if (mayInstall()) install(NET_SMPP)
  if (!isThere()) say(`Tests that need Perl's Net::SMPP are skipped; run: apt-get install ${NET_SMPP}`)
}

function mayInstall() {
  return process.getuid && process.getuid() === 0 && works('apt-get', ['--version'])
}

/** From the system's packages, without starting anything. */
function install(name) {
  withoutServices(() => {
    const options = {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    }
    spawnSync('apt-get', ['update', '-q'], options)
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], options)
  })
}

/** Debian asks this file whether a freshly installed service may start (invoke-rc.d(8)); 101 says no. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d'
  const isOurs = !existsSync(policy)
  if (isOurs) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    install()
  } finally {
    if (isOurs) rmSync(policy)
  }
}

/** Vitest ends on a signal as if all were well. */
function test(args) {
  process.once('SIGINT', () => (process.exitCode = 130))
  process.once('SIGTERM', () => (process.exitCode = 143))
  return run('node_modules/vitest/vitest.mjs', ['run', ...args])
}

/** All of them, also after one has failed. */
function check() {
  const checks = [
    ['biome', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'],
    ['types', 'node_modules/typescript/bin/tsc', '-p', '.'],
    ['unused code', 'node_modules/knip/bin/knip.js'],
    ['menus', 'scripts/launch.mjs', 'menus', 'check'],
  ]
  const failed = checks.filter(([name, ...command]) => {
    say(`Checking: ${name}`)
    return spawnSync(process.execPath, command, { stdio: 'inherit' }).status !== 0
  })
  if (failed.length > 0) say(`Not in order: ${failed.map(([name]) => name).join(', ')}`)
  process.exitCode = failed.length > 0 ? 1 : 0
}

function build() {
  const sources = ['src', 'scripts', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']
  if (existsSync('dist/src/main.js') && newest('dist/src/main.js') > Math.max(...sources.map(newest))) return
  say('Building: npm run build')
  if (npm(['run', '--silent', 'build']) !== 0) throw new Error('The build failed; see above.')
}

/** The latest change in a file or a folder, in milliseconds; a folder's own counts, since that is where a file went missing. */
function newest(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.mtimeMs
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/** As if it had been called by `node path args`. */
async function run(path, args) {
  process.argv = [process.argv[0], join(ROOT, path), ...args]
  await import(pathToFileURL(join(ROOT, path)).href)
}

/** The npm that runs us, with the same Node. */
function npm(args) {
  const script = process.env.npm_execpath
  const [command, rest] = script ? [process.execPath, [script, ...args]] : ['npm', args]
  return spawnSync(command, rest, { stdio: ['ignore', 2, 'inherit'] }).status
}

function works(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0
}

/** On standard error: standard output belongs to the tool. */
function say(text) {
  process.stderr.write(`${text}\n`)
}
