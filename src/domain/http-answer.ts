/** The body of an answer as text, UTF-8; empty where it is longer than `mostBytes`, so that no peer fills the memory. */
export async function readBounded(response: Response, mostBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > mostBytes) return ''
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Null for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Why `fetch` failed, in a word: `timeout`, a code such as ECONNREFUSED, or less. Errors themselves carry the URL, keys and what was sent. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed'
  if (error.name === 'TimeoutError') return 'timeout'
  const code = (error.cause as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : 'connection failed'
}
