import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { breaches } from './json-schema.ts'

type Schema = { readonly [key: string]: unknown }
type Parameter = { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: Schema }
type Content = { readonly content?: { readonly 'application/json'?: { readonly schema: Schema } } }
type Operation = {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Content
  readonly responses: Readonly<Record<string, Content>>
  readonly callbacks?: Readonly<Record<string, Readonly<Record<string, { readonly put?: Operation }>>>>
}

/** A request and its answer as they went over the wire; header names in small letters. */
export type Exchanged = {
  readonly method: string
  /** Below the server's URL, without the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: unknown
  readonly status: number
  readonly answer: unknown
}

/** A published OpenAPI 3.0 document, and what breaks it. Every list is empty where all is well. */
export type OpenApi = {
  /** `POST /transactions/type/{transactionType}`, or null where the document has no such operation. */
  nameOf(method: string, path: string): string | null
  requestFaults(exchanged: Exchanged): string[]
  answerFaults(exchanged: Exchanged): string[]
  /** A callback's body against those that the operation `of` announces. */
  callbackFaults(of: string, exchanged: Exchanged): string[]
}

export function readOpenApi(file: string): OpenApi {
  const text = readFileSync(file, 'utf8')
  const root = parse(text) as { paths: Record<string, Record<string, Operation>>; components: { schemas: Schema } }
  // `breaches` looks schemas up as JSON Schema does.
  const definitions = JSON.parse(
    JSON.stringify(root.components.schemas).replaceAll('#/components/schemas/', '#/definitions/'),
  )
  const document = { definitions } as Schema
  const operations = Object.entries(root.paths).flatMap(([template, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${template}`,
      template: template.split('/'),
      method: method.toUpperCase(),
      operation,
    })),
  )

  function resolve<T>(part: T): T {
    const ref = (part as { $ref?: string } | undefined)?.$ref
    if (ref === undefined) return part
    return ref
      .split('/')
      .slice(1)
      .reduce<unknown>((at, key) => (at as Schema)[key], root) as T
  }

  function schemaFaults(schema: Schema | undefined, value: unknown): string[] {
    if (schema === undefined) return []
    const local = JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', '#/definitions/')) as Schema
    return breaches(document, value, local)
  }

  /** The names a body may have at its top, through every `allOf` and `anyOf`: the schema itself forbids none. */
  function namesOf(schema: Schema): string[] {
    const found = resolve(schema)
    const inner = [found.allOf, found.anyOf].flatMap((parts) => (parts as Schema[] | undefined) ?? [])
    return [...Object.keys((found.properties as Schema | undefined) ?? {}), ...inner.flatMap(namesOf)]
  }

  function bodyFaults(content: Content | undefined, body: unknown): string[] {
    const schema = resolve(content)?.content?.['application/json']?.schema
    if (schema === undefined) return body === null || JSON.stringify(body) === '{}' ? [] : ['a body where none is']
    const known = namesOf(schema)
    const record = typeof body === 'object' && body !== null && !Array.isArray(body) ? Object.keys(body) : []
    return [
      ...schemaFaults(schema, body),
      ...record.filter((key) => !known.includes(key)).map((key) => `/${key}: not published`),
    ]
  }

  /** The fullest match: a literal segment is worth more than a variable one. */
  function find(method: string, path: string): (typeof operations)[number] | undefined {
    const parts = path.split('/')
    const fits = operations.filter(
      (each) =>
        each.method === method &&
        each.template.length === parts.length &&
        each.template.every((segment, at) => segment.startsWith('{') || segment === parts[at]),
    )
    const literals = (each: (typeof operations)[number]): number =>
      each.template.filter((s) => !s.startsWith('{')).length
    return fits.sort((one, other) => literals(other) - literals(one))[0]
  }

  function parameterFaults(template: readonly string[], operation: Operation, { path, headers }: Exchanged): string[] {
    const parts = path.split('/')
    return (operation.parameters ?? []).map(resolve).flatMap((parameter) => {
      const value =
        parameter.in === 'path'
          ? decodeURIComponent(parts[template.indexOf(`{${parameter.name}}`)] ?? '')
          : parameter.in === 'header'
            ? headers[parameter.name.toLowerCase()]
            : undefined
      if (value === undefined) return parameter.required === true ? [`${parameter.name}: missing`] : []
      return schemaFaults(parameter.schema, value).map((fault) => `${parameter.name}${fault}`)
    })
  }

  return {
    nameOf: (method, path) => find(method, path)?.name ?? null,
    requestFaults(exchanged) {
      const found = find(exchanged.method, exchanged.path)
      if (found === undefined) return ['no such operation']
      return [
        ...parameterFaults(found.template, found.operation, exchanged),
        ...bodyFaults(found.operation.requestBody, exchanged.body),
      ]
    },
    answerFaults({ method, path, status, answer }) {
      const content = find(method, path)?.operation.responses[String(status)]
      if (content === undefined) return [`status ${status} is not published`]
      return schemaFaults(resolve(content).content?.['application/json']?.schema, answer)
    },
    callbackFaults(of, exchanged) {
      const events = operations.find(({ name }) => name === of)?.operation.callbacks ?? {}
      const puts = Object.values(events).flatMap((urls) => Object.values(urls).flatMap(({ put }) => put ?? []))
      if (puts.length === 0) return ['no callback is published']
      const faults = puts.map((put) => [
        ...parameterFaults([], put, exchanged),
        ...bodyFaults(put.requestBody, exchanged.body),
        ...(put.responses[String(exchanged.status)] === undefined
          ? [`status ${exchanged.status} is not published`]
          : []),
      ])
      return faults.sort((one, other) => one.length - other.length)[0] ?? []
    },
  }
}
