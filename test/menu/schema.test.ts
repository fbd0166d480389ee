import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { schema as schemaVerb } from '../../scripts/menus/schema.ts'
import { actions } from '../../src/actions/registry.ts'
import { keywords } from '../../src/conversations/keywords/registry.ts'
import type { MenuSources } from '../../src/menu/compile.ts'
import { loadMenuSources } from '../../src/menu/load.ts'
import { keyTables, menuSchemas, type SchemaName, textOfKey } from '../../src/menu/schema/schemas.ts'
import { messageContracts as serviceMessages } from '../../src/sms/message-contracts.ts'
import { breaches } from '../support/json-schema.ts'
import { contracts, keywordContracts, menuFolder, messageContracts } from './support.ts'
import { overTiny, wrongMenus } from './wrong-menus.ts'

const shipped = menuSchemas(
  [...actions.keys()],
  Object.keys(serviceMessages),
  [...keywords.values()].map(({ contract }) => contract),
)
const tested = menuSchemas(
  contracts.map(({ name }) => name),
  Object.keys(messageContracts),
  keywordContracts,
)

/** Where the files break their schemas. */
function faultsIn(sources: MenuSources, schemas: typeof shipped): string[] {
  return Object.entries(sources).flatMap(([file, source]) =>
    breaches(schemas[schemaOf(file)], parse(source)).map((fault) => `${file} ${fault}`),
  )
}

function schemaOf(file: string): SchemaName {
  if (file.startsWith('languages/')) return 'language'
  const name = basename(file, '.yaml')
  return name === 'service' || name === 'messages' || name === 'keywords' ? name : 'flow'
}

test('the schemas beside the menus are those that the compiler’s tables make', async () => {
  expect(await schemaVerb.run(['--check']), 'npm run menus -- schema writes them anew').toBe(0)
})

test('every key that a reader of the compiler knows is explained to the editor', () => {
  const keys = Object.entries(keyTables).flatMap(([table, names]) => names.map((name) => [table, name] as const))
  expect(keys.length).toBeGreaterThan(60)
  expect(keys.filter(([table, key]) => textOfKey(table, key) === undefined)).toEqual([])
})

describe('menus that compile keep the schemas', () => {
  test('those of the service', async () => {
    expect(faultsIn(await loadMenuSources('menus'), shipped)).toEqual([])
  })

  test.each(['small', 'tiny'])('the %s ones', async (folder) => {
    expect(faultsIn(await loadMenuSources(menuFolder(folder)), tested)).toEqual([])
  })

  test.each(wrongMenus.filter(({ cured }) => cured !== null).map((wrong) => [basename(wrong.path), wrong] as const))(
    'the cured ones of %s',
    (_name, { files, cured }) => expect(faultsIn(overTiny(files, cured), tested)).toEqual([]),
  )
})

describe('an editor marks what does not belong there', () => {
  const misshapen = wrongMenus
    .filter(({ code }) => code === 'E-SHAPE')
    .map((wrong) => [basename(wrong.path), wrong] as const)

  test.each(misshapen)('%s', (_name, { files }) => {
    expect(faultsIn(overTiny(files), tested)).not.toEqual([])
  })

  test.each(Object.entries(keyTables).filter(([table]) => !['flow', 'service'].includes(table)))(
    'an unknown key of %s',
    (table) => {
      const flow = tested.flow as { definitions: Record<string, object> }
      const service = tested.service as { definitions: Record<string, object> }
      const written = tested.keywords as { definitions: Record<string, object> }
      const definition = flow.definitions[table] ?? service.definitions[table] ?? written.definitions[table]
      expect(definition).toMatchObject({ additionalProperties: false })
    },
  )

  test.each(['E-REF-action.yaml', 'E-REF-message.yaml'])('an action or a message that there is not: %s', (file) => {
    const wrong = wrongMenus.find(({ path }) => basename(path) === file)
    expect(faultsIn(overTiny(wrong?.files ?? {}), tested)).not.toEqual([])
  })
})

describe('the first line of every menu file names its schema', () => {
  const files = ['menus', 'menus/languages'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.yaml'))
      .map((name) => join(folder, name)),
  )

  test.each(files)('%s', (file) => {
    const [first = ''] = readFileSync(file, 'utf8').split('\n')
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)$/.exec(first) ?? []
    expect(basename(schema)).toBe(`${schemaOf(file.replace('menus/', ''))}.schema.json`)
    expect(existsSync(join(dirname(file), schema))).toBe(true)
  })
})
