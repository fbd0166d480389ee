import { rm } from 'node:fs/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Menus, openMenus, publishFolder } from '../../src/conversations/menus.ts'
import { openPrograms, type Programs } from '../../src/conversations/programs.ts'
import { BUILD, loadProgram, publishAtStart, publishProgram } from '../../src/conversations/publish.ts'
import type { Queryable } from '../../src/database/database.ts'
import { markets } from '../../src/domain/markets.ts'
import type { Program } from '../../src/menu/program.ts'
import type { Events } from '../../src/telemetry/events.ts'
import { compiled } from '../menu/support.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { editMenus, menusWith } from '../support/menus.ts'

const kenya = markets.get('KE') ?? expect.fail('Kenya is gone')
const silent = new Proxy({}, { get: () => () => undefined }) as Events

let database: TestDatabase
const closing: (() => Promise<void>)[] = []
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  await database.drop()
})

async function editions(...names: readonly string[]): Promise<{ program: Program; files: number; by: string }[]> {
  const program = await compiled()
  return names.map((name) => ({ program: { ...program, hash: name }, files: 1, by: 'a test' }))
}

function open(current: Program, options: Partial<Parameters<typeof openPrograms>[0]> = {}): Programs {
  const programs = openPrograms({
    ...{ database: database.app, current, lookEveryMs: 5 },
    ...{ onChange: () => undefined, onTrouble: () => undefined },
    ...options,
  })
  closing.push(programs.close)
  return programs
}

async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !what(); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (Date.now() > end) throw new Error('not within ten seconds')
}

describe('what is in force', () => {
  test('is taken up by a process that is told nothing, and what was in force before stays to be found', async () => {
    const [old, next] = await editions('old', 'next')
    if (old === undefined || next === undefined) return
    await publishProgram(database.app, old, false)
    const changes: string[] = []
    const programs = open(old.program, { onChange: ({ hash }) => changes.push(hash) })
    await publishProgram(database.app, next, false)
    await until(() => changes.length > 0)
    expect(programs.current()).toEqual(next.program)
    expect(await programs.find('old')).toEqual(old.program)
    expect(changes).toEqual(['next'])
  })

  test('goes on while the database is away, which is said once, and is looked for again afterwards', async () => {
    const [old, next] = await editions('old', 'next')
    if (old === undefined || next === undefined) return
    let away = true
    let asked = 0
    const flaky: Queryable = {
      query: (...given) => {
        asked += 1
        return away ? Promise.reject(new Error('away')) : database.app.query(...given)
      },
    }
    const troubles: unknown[] = []
    const programs = open(old.program, { database: flaky, onTrouble: (error) => troubles.push(error) })
    await publishProgram(database.app, next, false)
    await until(() => asked > 3)
    expect(programs.current().hash).toBe('old')
    expect(troubles).toHaveLength(1)
    away = false
    await until(() => programs.current().hash === 'next')
  })

  test('is only what this build can run, and a restart of another build takes nothing back', async () => {
    const [ours] = await editions('ours')
    if (ours === undefined) return
    await publishProgram(database.app, ours, false)
    const programs = open(ours.program)
    await database.app.query(`INSERT INTO menu_program (hash, program) VALUES ('theirs', $1)`, [
      JSON.stringify({ ...ours.program, hash: 'theirs' }),
    ])
    await database.app.query(
      `INSERT INTO menu_publication (market, build, hash, published_by, source) VALUES ('KE', 'another', 'theirs', 'them', '{}')`,
    )
    await programs.refresh()
    expect(programs.current().hash).toBe('ours')
    expect(BUILD).not.toBe('another')
  })
})

describe('programs at hand', () => {
  test('are loaded once for all who ask at the same time, and forgotten when nobody has asked for long', async () => {
    const [current, one, two] = await editions('current', 'one', 'two')
    if (current === undefined || one === undefined || two === undefined) return
    for (const each of [one, two, current]) await publishProgram(database.app, each, false)
    const loads: unknown[] = []
    const counting: Queryable = {
      query: (statement, values) => {
        if (typeof statement === 'string') loads.push(values?.[0])
        return database.app.query(statement, values)
      },
    }
    let nowMs = 0
    const programs = open(current.program, { database: counting, now: () => nowMs, lookEveryMs: 60_000 })
    const found = await Promise.all([1, 2, 3].map(() => programs.find('one')))
    expect(found.map((program) => program?.hash)).toEqual(['one', 'one', 'one'])
    expect(loads).toEqual(['one'])
    nowMs += 10 * 60_000
    await programs.find('two')
    nowMs += 10 * 60_000
    await programs.find('two')
    await programs.find('one')
    expect(loads).toEqual(['one', 'two', 'one'])
    expect(await programs.find('nobody has it')).toBeNull()
  })

  test('are bounded, however many there were', async () => {
    const all = await editions('current', ...Array.from({ length: 40 }, (_, n) => `version ${n}`))
    const [current] = all
    if (current === undefined) return
    for (const each of all.reverse()) await publishProgram(database.app, each, false)
    const loads: unknown[] = []
    const counting: Queryable = {
      query: (statement, values) => {
        if (typeof statement === 'string') loads.push(values?.[0])
        return database.app.query(statement, values)
      },
    }
    const programs = open(current.program, { database: counting, lookEveryMs: 60_000 })
    for (let n = 0; n < 40; n += 1) await programs.find(`version ${n}`)
    await programs.find('version 39')
    expect(loads).toHaveLength(40)
    await programs.find('version 0')
    expect(loads).toHaveLength(41)
  })
})

describe('a start', () => {
  test('puts files in force that were never seen, and keeps what is in force where they are old', async () => {
    const [one, two] = await editions('one', 'two')
    if (one === undefined || two === undefined) return
    expect(await publishAtStart(database.app, one)).toEqual({ kind: 'published', removed: [], hash: 'one' })
    expect(await publishAtStart(database.app, one)).toEqual({ kind: 'kept', removed: [], hash: 'one' })
    expect(await publishAtStart(database.app, two)).toEqual({ kind: 'published', removed: [], hash: 'two' })
    expect(await publishAtStart(database.app, one)).toEqual({ kind: 'kept', removed: [], hash: 'two' })
    expect((await publishProgram(database.app, one, false)).kind).toBe('published')
    expect(await publishAtStart(database.app, two)).toEqual({ kind: 'kept', removed: [], hash: 'one' })
  })

  test('of many processes at once puts one of them in force once', async () => {
    const [one] = await editions('one')
    if (one === undefined) return
    const kinds = (await Promise.all(Array.from({ length: 6 }, () => publishAtStart(database.app, one)))).map(
      ({ kind }) => kind,
    )
    expect(kinds.filter((kind) => kind === 'published')).toHaveLength(1)
    expect((await database.owner.query('SELECT FROM menu_publication')).rowCount).toBe(1)
  })

  test('puts files in force that an earlier release has stored without a list of publications', async () => {
    const [one] = await editions('one')
    if (one === undefined) return
    await database.app.query('INSERT INTO menu_program (hash, program) VALUES ($1, $2)', [
      'one',
      JSON.stringify(one.program),
    ])
    expect((await publishAtStart(database.app, one)).kind).toBe('published')
  })

  test('names what is gone, and is not held up by it', async () => {
    const [one] = await editions('one')
    if (one === undefined) return
    await publishAtStart(database.app, one)
    const [gone = ''] = Object.keys(one.program.screens)
    const { [gone]: _, ...screens } = one.program.screens
    const started = await publishAtStart(database.app, { ...one, program: { ...one.program, hash: 'two', screens } })
    expect(started.kind).toBe('published')
    expect(started.removed.map(({ code, message }) => [code, message.includes(gone)])).toEqual([['E-MIG', true]])
  })
})

describe('publishing a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await menusWith({})
    closing.push(() => rm(folder, { recursive: true, force: true }))
  })

  async function opened(): Promise<Menus> {
    const menus = await openMenus({ database: database.app, folder, market: kenya, events: silent })
    closing.push(menus.programs.close)
    return menus
  }
  const edit = (file: string, from: string, to: string): Promise<void> => editMenus(folder, { [file]: { [from]: to } })

  test('changes nothing where they do not compile, and says why', async () => {
    const menus = await opened()
    const before = menus.programs.current()
    await edit('main.yaml', 'go: balance', 'go: nowhere')
    const outcome = await menus.publish('a test', true)
    expect(outcome.kind).toBe('refused')
    expect(outcome.problems.map(({ code }) => code)).toContain('E-REF')
    expect(menus.programs.current()).toBe(before)
    expect((await database.owner.query('SELECT FROM menu_publication')).rowCount).toBe(1)
  })

  test('is in force at once where it was done, and is done once', async () => {
    const menus = await opened()
    const before = menus.programs.current().hash
    await edit('service.yaml', '0 Back', '0 Undo')
    const outcome = await menus.publish('a test', false)
    expect(outcome.kind).toBe('published')
    expect(menus.programs.current().hash).not.toBe(before)
    expect(await loadProgram(database.app, menus.programs.current().hash)).toEqual(menus.programs.current())
    expect((await menus.publish('a test', false)).kind).toBe('unchanged')
    const { rows } = await database.owner.query('SELECT published_by, source FROM menu_publication ORDER BY id')
    const source = {
      files: expect.any(Number),
      screens: expect.any(Number),
      languages: expect.arrayContaining(['en', 'fr', 'sw']),
    }
    expect(rows).toEqual([
      { published_by: 'a start', source },
      { published_by: 'a test', source },
    ])
  })

  test('is refused where a screen is gone without a word, unless it says so or is forced', async () => {
    await opened()
    await edit('main.yaml', 'balance:\n', 'money:\n')
    await edit('main.yaml', 'go: balance', 'go: money')
    await edit('service.yaml', 'main.balance', 'main.money')
    await edit('keywords.yaml', 'main.balance', 'main.money')
    for (const language of ['sw', 'fr', 'am']) await edit(`languages/${language}.yaml`, 'main.balance.', 'main.money.')
    const options = { database: database.app, folder, market: kenya, by: 'a test', force: false }
    const refused = await publishFolder(options)
    expect(refused).toMatchObject({ kind: 'refused', problems: [{ code: 'E-MIG', file: 'main.yaml' }] })
    expect((await publishFolder({ ...options, force: true })).kind).toBe('published')
    await database.owner.query('TRUNCATE menu_publication')
    await openMenus({ database: database.app, folder: 'menus', market: kenya, events: silent }).then((menus) =>
      closing.push(menus.programs.close),
    )
    await edit('main.yaml', 'money:\n', 'money:\n    was: balance\n')
    expect(await publishFolder(options)).toMatchObject({ kind: 'published', problems: [] })
  })
})
