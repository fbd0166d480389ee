import { isAlias, isMap, isScalar, isSeq, type Node, parseDocument, type YAMLMap } from 'yaml'

/** One conversation of a dialoguss file. Texts as they stand there; null where nothing does. */
export type Session = {
  readonly id: string
  readonly description: string | null
  readonly dial: string | null
  readonly phoneNumber: string | null
  readonly steps: readonly Step[]
}

export type Step = { readonly input: string | null; readonly expect: string | null; readonly line: number }

export type ReadFile =
  | { readonly kind: 'sessions'; readonly sessions: readonly Session[]; readonly notes: readonly string[] }
  | { readonly kind: 'wrong'; readonly problem: string }

const FILE_KEYS = ['url', 'dial', 'phoneNumber', 'sessions', 'components', 'timeout']
const SESSION_KEYS = ['id', 'phoneNumber', 'description', 'steps']
const COMPONENT_KEYS = ['componentId', 'componentID', 'componentid', 'component']
const STEP_KEYS = ['userInput', 'text', 'expect', ...COMPONENT_KEYS]

/**
 * Reads what https://github.com/nndi-oss/dialoguss documents, of all its versions: `text` is the older name of `userInput`, and a step
 * may name a screen of `components` instead of its own `expect`. Numbers are kept as they are written.
 */
export function readDialoguss(source: string): ReadFile {
  const document = parseDocument(source)
  const [error] = document.errors
  if (error !== undefined) return { kind: 'wrong', problem: `the file is not YAML: ${error.message.split('\n')[0]}` }
  const file: unknown = document.contents
  if (!isMap(file))
    return { kind: 'wrong', problem: 'the file is no dialoguss file, which has url, dial and sessions.' }
  if (isAlias(file.get('dial', true)))
    return { kind: 'wrong', problem: 'a star begins an alias in YAML. Put what is dialled in quotes: dial: "*123#".' }
  const sessions = file.get('sessions')
  if (!isSeq(sessions) || sessions.items.length === 0)
    return { kind: 'wrong', problem: 'the file has no sessions, so there is nothing to play; it is for use by hand.' }
  const notes: string[] = []
  const unknown = (map: YAMLMap, known: readonly string[], what: string): void => {
    const names = map.items.map(({ key }) => textOf(key as Node) ?? '').filter((name) => !known.includes(name))
    if (names.length > 0) notes.push(`${what} has ${names.join(', ')}, which nothing here answers to; left out.`)
  }
  const lineOf = (node: Node): number => source.slice(0, node.range?.[0] ?? 0).split('\n').length
  const components = componentsOf(file)
  unknown(file, FILE_KEYS, 'the file')
  if (file.has('url')) notes.push('url is left out: the dialogue tests start their own gateway.')
  if (file.has('timeout')) notes.push('timeout is left out: the gateway has its own.')
  const read = sessions.items.filter(isMap).map((session, index): Session => {
    const id = valueAt(session, 'id') ?? String(index + 1)
    unknown(session, SESSION_KEYS, `session ${id}`)
    const steps = session.get('steps')
    return {
      id,
      description: valueAt(session, 'description'),
      dial: valueAt(file, 'dial'),
      phoneNumber: valueAt(session, 'phoneNumber') ?? valueAt(file, 'phoneNumber'),
      steps: (isSeq(steps) ? steps.items.filter(isMap) : []).map((step) => {
        unknown(step, STEP_KEYS, `line ${lineOf(step)}`)
        const name = COMPONENT_KEYS.map((key) => valueAt(step, key)).find((each) => each !== null)
        const expect = valueAt(step, 'expect') || (name === undefined || name === null ? null : components.get(name))
        if (expect === undefined)
          notes.push(`line ${lineOf(step)}: there is no component ${name}; the screen is left out.`)
        return {
          input: valueAt(step, 'userInput') ?? valueAt(step, 'text'),
          expect: expect ?? null,
          line: lineOf(step),
        }
      }),
    }
  })
  return { kind: 'sessions', sessions: read, notes }
}

/** By `namespace/id`, and by `id` alone in the namespace `default`. */
function componentsOf(file: YAMLMap): ReadonlyMap<string, string> {
  const components = new Map<string, string>()
  const namespaces = file.get('components')
  for (const namespace of isSeq(namespaces) ? namespaces.items.filter(isMap) : []) {
    const name = valueAt(namespace, 'namespace') ?? 'default'
    const items = namespace.get('items')
    for (const item of isSeq(items) ? items.items.filter(isMap) : []) {
      const [id, expect] = [valueAt(item, 'id'), valueAt(item, 'expect')]
      if (id === null || expect === null) continue
      components.set(`${name}/${id}`, expect)
      if (name === 'default') components.set(id, expect)
    }
  }
  return components
}

function valueAt(map: YAMLMap, key: string): string | null {
  return textOf(map.get(key, true) as Node | undefined)
}

/** A plain number as it is written: a phone number or a session's id has no other form. */
function textOf(node: Node | undefined): string | null {
  if (!isScalar(node) || node.value === null) return null
  return typeof node.value === 'string' ? node.value : (node.source ?? String(node.value))
}
