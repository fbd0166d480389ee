import { Document, isScalar, type Pair, parseDocument, Scalar, YAMLMap } from 'yaml'
import type { Texts } from './table.ts'

/** Names the schema by which editors complete and check the file. */
const MODELINE = '# yaml-language-server: $schema=../schema/language.schema.json\n'

/**
 * A language's file with these texts put in: what stands there keeps its order, comments and manner of writing; a new text comes after the
 * one before it in `order`. `source`: null for a language without a file.
 */
export function mergeLanguage(source: string | null, texts: Texts, order: readonly string[]): string {
  const document =
    source === null ? new Document(new YAMLMap()) : parseDocument(source, { version: '1.2', schema: 'core' })
  const map = document.contents
  if (!(map instanceof YAMLMap)) return mergeLanguage(null, texts, order)
  let changed = false
  for (const key of order) {
    const text = texts[key]
    if (text === undefined) continue
    const line = map.items.find((pair) => keyOf(pair) === key)
    // Where the text has short forms, these stay.
    const known = line?.value instanceof YAMLMap ? fullIn(line.value) : line
    if (known !== undefined && isScalar(known.value) && known.value.value === text) continue
    changed = true
    if (known === undefined) map.items.splice(placeFor(map, key, order), 0, document.createPair(key, written(text)))
    else if (isScalar(known.value)) {
      // Kept, so that a comment behind it stays.
      known.value.value = text
      known.value.type = Scalar.QUOTE_DOUBLE
    } else known.value = written(text)
  }
  if (source !== null && !changed) return source
  return `${source === null ? MODELINE : ''}${document.toString({ lineWidth: 0 })}`
}

function written(text: string): Scalar {
  const scalar = new Scalar(text)
  scalar.type = Scalar.QUOTE_DOUBLE
  return scalar
}

/** After the nearest text before it that has a line already. */
function placeFor(map: YAMLMap, key: string, order: readonly string[]): number {
  for (let at = order.indexOf(key) - 1; at >= 0; at -= 1) {
    const found = map.items.findIndex((pair) => keyOf(pair) === order[at])
    if (found >= 0) return found + 1
  }
  return 0
}

function fullIn(forms: YAMLMap): Pair | undefined {
  return forms.items.find((pair) => keyOf(pair) === 'text')
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key)
}
