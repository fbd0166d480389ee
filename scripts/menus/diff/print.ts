import type { Difference } from './compare.ts'

/** What a person reads: first what people will notice, a sentence or a line each. Empty where nothing has changed. */
export function printDifference(difference: Difference): string {
  const { added, removed, moved, keys, shortcuts, texts, longer, actions, languages, times } = difference
  return [
    block(
      'Keys that people have learnt',
      keys.map(({ screen, key, before, after }) => {
        const now = after === null ? 'leads nowhere now' : `leads to ${after} now`
        return `${screen}, key ${key}: led to ${before}, ${now}. Give it back, and let what is new take a key that was free.`
      }),
    ),
    block(
      'Shortcuts',
      shortcuts.map(({ template, before, after }) => {
        if (before === null) return `${template} is new and leads to ${after}.`
        const now = after === null ? 'leads nowhere now' : `leads to ${after} now`
        return `${template} led to ${before}, ${now}. It may be in print; keep it.`
      }),
    ),
    block('Screens', [
      ...added.map((id) => `+ ${id}`),
      ...removed.map((id) => `- ${id}`),
      ...moved.map(({ from, to }) => `  ${from} is ${to} now`),
    ]),
    block(
      'Longer at their fullest',
      longer.map(({ language, screen, before, after, limit }) => {
        const over = after > limit ? `, too long by ${after - limit}` : ''
        return `${screen} in ${language}: ${before} → ${after} of ${limit}${over}`
      }),
    ),
    block(
      'Time until the next screen, at most',
      times.map(({ screen, before, after }) => `${screen}: ${before} → ${after} ms`),
    ),
    block('Actions', comings(actions)),
    block('Languages', comings(languages)),
    block(
      'Texts',
      texts.map(({ language, key, before, after }) => {
        const lines = [
          ...(before === null ? [] : [`    - ${JSON.stringify(before)}`]),
          ...(after === null ? [] : [`    + ${JSON.stringify(after)}`]),
        ]
        return `${language} ${key}\n${lines.join('\n')}`
      }),
    ),
  ]
    .filter((each) => each !== '')
    .join('\n')
}

function comings({ added, removed }: Difference['actions']): readonly string[] {
  return [...added.map((name) => `+ ${name}`), ...removed.map((name) => `- ${name}`)]
}

function block(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}\n${lines.map((line) => `  ${line}\n`).join('')}`
}
