import type { Inspection } from '../../src/conversations/inspect.ts'
import { causeOf } from './gateway.ts'

/** What a gateway tells a developer of a live dialogue: `GET /sessions/<aggregator>/<session>` on its operator port. */
export type Looked =
  | { readonly kind: 'inspected'; readonly inspected: Inspection }
  | { readonly kind: 'not'; readonly sentence: string }

const PATIENCE_MS = 2000

export async function inspectSession(operatorUrl: string, sessionId: string): Promise<Looked> {
  const url = `${operatorUrl.replace(/\/+$/, '')}/sessions/africastalking/${encodeURIComponent(sessionId)}`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), redirect: 'error' })
    if (response.ok) return { kind: 'inspected', inspected: (await response.json()) as Inspection }
    return {
      kind: 'not',
      sentence: `The gateway shows nothing of its dialogues (HTTP ${response.status}); it does when started with INSPECT_SESSIONS=on.`,
    }
  } catch (error) {
    return { kind: 'not', sentence: `Nothing answers at ${operatorUrl} (${causeOf(error)}); name it with --operator.` }
  }
}

/** As lines of at most so many columns. */
export function describeInspected(inspected: Inspection, columns: number): readonly string[] {
  const { program, language, status, screen, state, hops, wrong, flows, history, actions } = inspected
  const flowLines = flows.flatMap(({ at, variables }) => [
    `in ${at}`,
    ...Object.entries(variables).map(([name, value]) => `   ${name} = ${value}`),
  ])
  const ran = actions.map(({ action, effect, outcome }) => `ran ${action} (${effect}): ${outcome ?? 'still runs'}`)
  return [
    `${screen}, ${state}`,
    `menus ${program.slice(0, 12)}, ${language}, ${status}`,
    `hop ${hops}${wrong > 0 ? `, ${wrong} wrong` : ''}`,
    ...ran,
    ...flowLines,
    ...(history.length > 0 ? [`back to ${history.join(', ')}`] : []),
  ].flatMap((line) => brokenAt(line, columns))
}

function brokenAt(line: string, columns: number): readonly string[] {
  const letters = [...line]
  const lines: string[] = []
  for (let at = 0; at < letters.length; at += columns) lines.push(letters.slice(at, at + columns).join(''))
  return lines
}
