type Schema = { readonly [key: string]: unknown }

/**
 * Where a value breaks a JSON Schema (draft 7, or what OpenAPI 3.0 makes of it), as paths with a word; empty where it keeps it. Knows the words that our schemas use, and
 * throws on another, so that none is passed over.
 */
export function breaches(root: Schema, value: unknown, schema: Schema = root, path = ''): string[] {
  const inner = (part: unknown, of: unknown, at: string): string[] => breaches(root, of, part as Schema, at)
  const keeps = (part: unknown): boolean => inner(part, value, path).length === 0
  const record = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : null
  return Object.entries(schema).flatMap(([word, rule]): string[] => {
    const fault = (is: boolean): string[] => (is ? [] : [`${path}: ${word}`])
    switch (word) {
      case '$schema':
      case 'title':
      case 'description':
      case 'definitions':
      case 'example':
      case 'deprecated':
      case 'exclusiveMinimum':
        return []
      case '$ref':
        return inner((root.definitions as Schema)[String(rule).replace('#/definitions/', '')], value, path)
      case 'allOf':
        return (rule as Schema[]).flatMap((part) => inner(part, value, path))
      case 'anyOf':
        return fault((rule as Schema[]).some(keeps))
      case 'not':
        return fault(!keeps(rule))
      case 'enum':
        return fault((rule as unknown[]).includes(value))
      case 'type':
        return fault([rule].flat().some((each) => each === typeOf(value) || each === typeof value))
      case 'pattern':
        return fault(typeof value !== 'string' || new RegExp(String(rule), 'u').test(value))
      case 'format':
        return fault(typeof value !== 'string' || hasFormat(value, String(rule)))
      case 'minLength':
        return fault(typeof value !== 'string' || [...value].length >= Number(rule))
      case 'maxLength':
        return fault(typeof value !== 'string' || [...value].length <= Number(rule))
      case 'minItems':
        return fault(!Array.isArray(value) || value.length >= Number(rule))
      case 'maxItems':
        return fault(!Array.isArray(value) || value.length <= Number(rule))
      case 'minimum':
        // Draft 4, which OpenAPI 3.0 uses, has `exclusiveMinimum` as a word about it.
        return fault(
          typeof value !== 'number' ||
            (schema.exclusiveMinimum === true ? value > Number(rule) : value >= Number(rule)),
        )
      case 'maximum':
        return fault(typeof value !== 'number' || value <= Number(rule))
      case 'minProperties':
        return fault(record === null || record.length >= Number(rule))
      case 'maxProperties':
        return fault(record === null || record.length <= Number(rule))
      case 'required':
        return fault(record === null || (rule as string[]).every((key) => record.some(([each]) => each === key)))
      case 'dependencies': {
        const has = (key: string): boolean => (record ?? []).some(([each]) => each === key)
        return fault(
          Object.entries(rule as Record<string, string[]>).every(([key, others]) => !has(key) || others.every(has)),
        )
      }
      case 'items':
        return Array.isArray(value) ? value.flatMap((item, index) => inner(rule, item, `${path}/${index}`)) : []
      case 'propertyNames':
        return (record ?? []).flatMap(([key]) => inner(rule, key, `${path}/${key}`))
      case 'properties':
        return (record ?? []).flatMap(([key, of]) => {
          const part = (rule as Schema)[key]
          return part === undefined ? [] : inner(part, of, `${path}/${key}`)
        })
      case 'patternProperties':
        return (record ?? []).flatMap(([key, of]) =>
          Object.entries(rule as Schema).flatMap(([pattern, part]) =>
            new RegExp(pattern, 'u').test(key) ? inner(part, of, `${path}/${key}`) : [],
          ),
        )
      case 'additionalProperties': {
        const known = Object.keys((schema.properties as Schema) ?? {})
        const patterns = Object.keys((schema.patternProperties as Schema) ?? {}).map((each) => new RegExp(each, 'u'))
        const others = (record ?? []).filter(
          ([key]) => !known.includes(key) && !patterns.some((each) => each.test(key)),
        )
        if (rule === false) return others.map(([key]) => `${path}/${key}: ${word}`)
        return others.flatMap(([key, of]) => inner(rule, of, `${path}/${key}`))
      }
      default:
        throw new Error(`the word ${word} of JSON Schema is not known here`)
    }
  })
}

const FORMATS: Readonly<Record<string, RegExp>> = {
  'date-time': /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/,
  date: /^\d{4}-\d{2}-\d{2}$/,
  uri: /^[a-z][a-z0-9+.-]*:\S+$/i,
}

function hasFormat(text: string, format: string): boolean {
  const pattern = FORMATS[format]
  if (pattern === undefined) throw new Error(`the format ${format} of JSON Schema is not known here`)
  return pattern.test(text)
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}
