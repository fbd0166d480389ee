import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { describe, expect, test } from 'vitest'
import packageJson from '../package.json' with { type: 'json' }
import { drawSession } from './support/draw-session.ts'

const documents = [
  ...readdirSync('.').filter((name) => name.endsWith('.md')),
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const folders = ['menus', 'scripts', 'src', 'test', 'docs']
const yamlFiles = new Set([
  ...readdirSync('.'),
  ...['menus', 'test']
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    .map((path) => basename(path)),
])

describe.each(documents)('%s', (document) => {
  const text = readFileSync(document, 'utf8')

  test('links to files that are there', () => {
    const folder = document.includes('/') ? document.slice(0, document.lastIndexOf('/') + 1) : ''
    const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)].map(([, target]) => folder + target)
    expect(targets.filter((target) => !existsSync(target))).toEqual([])
  })

  test('names paths that are there', () => {
    const paths = [...text.matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map(([, path = '']) => path)
    const ours = paths.filter((path) => folders.includes(path.split('/')[0] ?? ''))
    expect(ours.filter((path) => !existsSync(path))).toEqual([])
  })

  test('names YAML files that are there', () => {
    const names = [...text.matchAll(/`([\w.-]+\.yaml)`/g)].map(([, name = '']) => name)
    expect(names.filter((name) => !yamlFiles.has(name))).toEqual([])
  })

  test('names commands that are there', () => {
    const commands = [...text.matchAll(/npm run ([\w-]+)/g)].map(([, name = '']) => name)
    expect(commands.filter((name) => !(name in packageJson.scripts))).toEqual([])
  })
})

test('the picture in the README is what the phone draws for the dialogue that the tests play', () => {
  expectPart('session', drawSession('test/dialogues/send-money.en.yaml'))
})

test('the settings in the README are those of .env.example', () => {
  expectPart('settings', settingsTable(readFileSync('.env.example', 'utf8')))
})

/** Compares the part of the README between two marks; UPDATE_DOCUMENTS=1 writes it anew. */
function expectPart(name: string, expected: string): void {
  const readme = readFileSync('README.md', 'utf8')
  const pattern = new RegExp(`(<!-- ${name}: [^>]*-->\n)([^]*?)(<!-- /${name} -->)`)
  expect(readme).toMatch(pattern)
  if (process.env.UPDATE_DOCUMENTS === '1') {
    writeFileSync(
      'README.md',
      readme.replace(pattern, (_, open: string, __: string, close: string) => open + expected + close),
    )
  } else expect(pattern.exec(readme)?.[2], 'UPDATE_DOCUMENTS=1 writes it anew').toBe(expected)
}

/** One row a variable: whether it must be set, its usual value or an example, and the first sentence of what .env.example says of it. */
function settingsTable(example: string): string {
  const secrets: readonly string[] = /secrets\): ([^.]+)\./s.exec(example)?.[1]?.match(/[A-Z_]+/g) ?? []
  const rows: string[] = []
  let comment: string[] = []
  let used = false
  for (const line of example.split('\n')) {
    const variable = /^(#?)([A-Z][A-Z_]+)=(.*)$/.exec(line)
    if (variable) {
      const [, optional, name = '', value = ''] = variable
      const words = [optional === '' ? 'must be set' : '', value.length > 40 || value === '' ? '' : `\`${value}\``]
      const sentence = /^.*?[.:](?= |$)/.exec(comment.join(' '))?.[0].replace(/:$/, '.') ?? comment.join(' ')
      rows.push(
        `| \`${name}\`${secrets.includes(name) ? ' \\*' : ''} | ${words.filter(Boolean).join(', ')} | ${sentence.replaceAll('<', '&lt;')} |`,
      )
      used = true
    } else if (line.startsWith('#')) {
      comment = [...(used ? [] : comment), line.replace(/^#+ ?/, '')]
      used = false
    } else comment = []
  }
  return `| variable | value | meaning |\n|---|---|---|\n${rows.join('\n')}\n`
}
