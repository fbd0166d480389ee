import { FLOW_KEYS } from '../build/flow.ts'
import { FORM_KEYS } from '../build/forms.ts'
import { KEYWORD_KEYS } from '../build/keywords.ts'
import { WAY_KEYS } from '../build/route.ts'
import { CASE_KEYS, CHOICE_KEYS, NO_KEYS, screenKeys } from '../build/screen.ts'
import {
  BUTTON_KEYS,
  EXIT_KEYS,
  INVALID_KEYS,
  LIMIT_KEYS,
  NAVIGATION_KEYS,
  POLICY_KEYS,
  RESUME_KEYS,
  SERVICE_KEYS,
  SIZE_KEYS,
} from '../build/service.ts'
import { INPUT_TYPE_NAMES, TYPE_NAMES } from '../build/types.ts'
import type { KeywordContract } from '../contract.ts'
import { LAST_TRANSFER_OUTCOMES } from '../last-transfer.ts'
import { definitions, type KeyText, keyTexts, type Schema } from './values.ts'

/** Names of the kinds of menu file. */
export type SchemaName = 'service' | 'flow' | 'language' | 'messages' | 'keywords'

/** Tables of keys as the readers of the compiler have them, by the names that `keyTexts` uses. */
export const keyTables: Readonly<Record<string, readonly string[]>> = {
  service: SERVICE_KEYS,
  navigation: NAVIGATION_KEYS,
  button: BUTTON_KEYS,
  exit: EXIT_KEYS,
  resume: RESUME_KEYS,
  lastTransfer: LAST_TRANSFER_OUTCOMES,
  limits: LIMIT_KEYS,
  sizes: SIZE_KEYS,
  forms: FORM_KEYS,
  invalid: INVALID_KEYS,
  policy: POLICY_KEYS,
  flow: FLOW_KEYS,
  ...screenKeys,
  choice: CHOICE_KEYS,
  case: CASE_KEYS,
  no: NO_KEYS,
  way: WAY_KEYS,
  keyword: KEYWORD_KEYS,
}

const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  service: ['start', 'language', 'name', 'limits', 'navigation', 'invalid', 'dialled_secret'],
  navigation: ['back', 'home', 'more'],
  button: ['key', 'text'],
  exit: ['key', 'text', 'end'],
  resume: RESUME_KEYS,
  lastTransfer: LAST_TRANSFER_OUTCOMES,
  limits: ['gsm7', 'ucs2', 'lines'],
  invalid: ['attempts', 'text', 'end'],
  forms: ['text', 'short'],
  flow: ['start', 'screens'],
  keyword: ['words'],
  input: ['type', 'as', 'go'],
  list: ['row'],
  confirm: ['ask', 'do'],
  route: ['else'],
  choice: ['key', 'text', 'go'],
  case: ['when', 'go'],
}

/** Keys that mean something only beside another one. */
const BESIDE: Readonly<Record<string, Schema>> = {
  list: { none: ['filter'] },
  input: { again: ['confirm_twice'], differ: ['confirm_twice'] },
}

/** What is said of a key; undefined where a reader has a key that nobody has described. */
export function textOfKey(table: string, key: string): KeyText | undefined {
  return keyTexts[table]?.[key] ?? (table in screenKeys ? keyTexts['*']?.[key] : undefined)
}

/**
 * The JSON Schemas (draft 7) of the menu files, for editors. They know the keys from the readers' own tables, and the names of actions,
 * messages and keywords from those given. What they accept may still be refused: they do not see names, ways and widths.
 */
export function menuSchemas(
  actions: readonly string[],
  messages: readonly string[],
  keywords: readonly KeywordContract[] = [],
): Readonly<Record<SchemaName, Schema>> {
  const kinds = Object.keys(screenKeys)
  const all: Readonly<Record<string, Schema>> = {
    ...definitions,
    ...Object.fromEntries(Object.keys(keyTables).map((table) => [table, objectOf(table, kinds.includes(table))])),
    text: { anyOf: [{ type: 'string' }, { $ref: '#/definitions/forms' }] },
    screen: { anyOf: kinds.map((kind) => ({ $ref: `#/definitions/${kind}` })) },
    type: {
      anyOf: [
        bare(TYPE_NAMES),
        rowsType,
        single(
          TYPE_NAMES.filter((name) => name !== 'rows'),
          'type',
        ),
      ],
    },
    inputType: { anyOf: [bare(INPUT_TYPE_NAMES), single(INPUT_TYPE_NAMES, 'inputType')] },
    types: {
      type: 'object',
      propertyNames: { $ref: '#/definitions/name' },
      additionalProperties: { anyOf: [{ $ref: '#/definitions/type' }, { $ref: '#/definitions/renamed' }] },
    },
    // With its earlier name beside the type's own key, which is not looked at again.
    renamed: {
      type: 'object',
      properties: { was: described(keyTexts.flow?.was) },
      required: ['was'],
      minProperties: 2,
    },
    way: { ...objectOf('way', false), anyOf: [GOES_ON, ENDS] },
    action: { enum: [...actions].sort() },
    message: { enum: [...messages].sort() },
  }
  const text = { $ref: '#/definitions/text' }
  return {
    service: rooted('Nyota menus: the service', { $ref: '#/definitions/service' }, all),
    flow: rooted('Nyota menus: a flow', { $ref: '#/definitions/flow' }, all),
    language: rooted(
      'Nyota menus: a language',
      {
        type: 'object',
        properties: { name: { type: 'string', description: 'The language’s own name.' } },
        patternProperties: { '^[a-z][a-z0-9_-]*\\..+$': text },
        required: ['name'],
        additionalProperties: false,
      },
      all,
    ),
    messages: rooted(
      'Nyota menus: the texts of SMS',
      {
        type: 'object',
        properties: Object.fromEntries(messages.map((name) => [name, text])),
        additionalProperties: false,
      },
      all,
    ),
    keywords: rooted(
      'Nyota menus: the keywords of SMS',
      {
        type: 'object',
        properties: Object.fromEntries(keywords.map(({ name }) => [name, { $ref: '#/definitions/keyword' }])),
        required: keywords.map(({ name }) => name),
        additionalProperties: false,
      },
      all,
    ),
  }
}

/** A way on goes somewhere, or has the last words. */
const GOES_ON: Schema = { required: ['go'], not: { required: ['end'] } }
const ENDS: Schema = { required: ['end'], not: { anyOf: [{ required: ['go'] }, { required: ['say'] }] } }

const DRAFT = 'http://json-schema.org/draft-07/schema#'

function rooted(title: string, schema: Schema, all: Readonly<Record<string, Schema>>): Schema {
  const used = reachable(schema, all)
  const { $ref, ...rest } = schema
  const root = typeof $ref === 'string' ? { allOf: [schema] } : rest
  return { $schema: DRAFT, title, ...root, ...(used.length === 0 ? {} : { definitions: Object.fromEntries(used) }) }
}

/** The definitions that the schema leads to, by name. */
function reachable(schema: Schema, all: Readonly<Record<string, Schema>>): readonly (readonly [string, Schema])[] {
  const names = new Set<string>()
  const open: Schema[] = [schema]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const [, name = ''] of JSON.stringify(next).matchAll(/"#\/definitions\/(\w+)"/g)) {
      const found = all[name]
      if (found === undefined) throw new Error(`no definition ${name}`)
      if (names.has(name)) continue
      names.add(name)
      open.push(found)
    }
  }
  return [...names].sort().map((name) => [name, all[name] ?? {}] as const)
}

function objectOf(table: string, isScreen: boolean): Schema {
  const properties = (keyTables[table] ?? []).map((key) => [key, described(textOfKey(table, key))] as const)
  const required = [...(isScreen ? [table] : []), ...(REQUIRED[table] ?? [])]
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
    ...(BESIDE[table] === undefined ? {} : { dependencies: BESIDE[table] }),
    additionalProperties: false,
  }
}

/** A schema beside a `$ref` would be ignored in draft 7. */
function described(text: KeyText | undefined): Schema {
  if (text === undefined) return {}
  const { says: description, value } = text
  return '$ref' in value ? { description, allOf: [value] } : { description, ...value }
}

/** These need a bound, and those cannot have one. */
const BOUNDED: readonly string[] = ['text', 'digits', 'number', 'choice', 'rows', 'pick']
const UNBOUNDED: readonly string[] = ['msisdn', 'moment', 'time', 'opaque']

/** `msisdn` */
function bare(names: readonly string[]): Schema {
  return { enum: names.filter((name) => !BOUNDED.includes(name)) }
}

/** `{ text: 20 }` */
function single(names: readonly string[], table: string): Schema {
  const properties = names
    .filter((name) => !UNBOUNDED.includes(name))
    .map((name) => [name, described(keyTexts[table]?.[name])] as const)
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    minProperties: 1,
    maxProperties: 1,
    additionalProperties: false,
  }
}

const rowsType: Schema = {
  type: 'object',
  properties: { rows: described(keyTexts.type?.rows), max: { type: 'integer', minimum: 1 } },
  required: ['rows', 'max'],
  additionalProperties: false,
}
