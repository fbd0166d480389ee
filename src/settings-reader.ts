import { Secret } from './domain/secret.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Reads variables one by one and gathers a sentence for everything that is wrong. Values of secrets are never in a sentence. */
export type SettingsReader = {
  readonly problems: string[]
  /** Null when unset or empty. */
  text(name: string): string | null
  /** Adds the sentence when unset. */
  required(name: string, advice: string): string | null
  /** Also from the file that NAME_FILE names. */
  secret(name: string): Secret | null
  requiredSecret(name: string, advice: string): Secret | null
  /** The content of a file that `place` names; null, with a sentence, where it cannot be read. */
  file(place: string, path: string): string | null
  whole(name: string, bounds: { readonly from: number; readonly to: number; readonly usual: number }): number
  choice<T extends string>(name: string, choices: readonly T[], usual: T): T
  /** Words separated by commas; the usual ones when unset. */
  words(name: string, usual: readonly string[]): readonly string[]
}

/** Reads from `env`, and from files that it names. */
export function makeReader(env: Environment, readFile: (path: string) => string): SettingsReader {
  const problems: string[] = []

  function text(name: string): string | null {
    return env[name]?.trim() || null
  }

  function secretText(name: string): string | null {
    const direct = text(name)
    const path = text(`${name}_FILE`)
    if (path === null) return direct
    if (direct !== null) problems.push(`${name} and ${name}_FILE are both set; keep one of them.`)
    try {
      const content = readFile(path).trim()
      if (content === '') problems.push(`The file that ${name}_FILE names is empty; write the value into it.`)
      return content || null
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
      problems.push(`${name}_FILE names ${path}, which cannot be read (${code}); check the path and its permissions.`)
      return null
    }
  }

  function secret(name: string): Secret | null {
    const value = secretText(name)
    return value === null ? null : new Secret(value)
  }

  return {
    problems,
    text,
    required(name, advice) {
      const value = text(name)
      if (value === null) problems.push(`${name} is missing; ${advice}`)
      return value
    },
    secret,
    requiredSecret(name, advice) {
      const before = problems.length
      const value = secret(name)
      if (value === null && problems.length === before) problems.push(`${name} is missing; ${advice}`)
      return value
    },
    file(place, path) {
      try {
        return readFile(path)
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? 'unknown error'
        problems.push(`${place} names ${path}, which cannot be read (${code}); check the path and its permissions.`)
        return null
      }
    },
    whole(name, { from, to, usual }) {
      const value = text(name)
      if (value === null) return usual
      const number = /^\d{1,9}$/.test(value) ? Number(value) : Number.NaN
      if (number >= from && number <= to) return number
      problems.push(`${name} is ${JSON.stringify(value)}; give a whole number from ${from} to ${to}.`)
      return usual
    },
    choice<T extends string>(name: string, choices: readonly T[], usual: T): T {
      const value = text(name)
      const found = choices.find((choice) => choice === value)
      if (found !== undefined || value === null) return found ?? usual
      problems.push(`${name} is ${JSON.stringify(value)}; choose one of ${choices.join(', ')}.`)
      return usual
    },
    words(name, usual) {
      const words = (text(name) ?? '').split(',').map((word) => word.trim())
      const found = words.filter((word) => word !== '')
      return found.length > 0 ? found : usual
    },
  }
}
