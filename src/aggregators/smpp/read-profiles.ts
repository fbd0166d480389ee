import { LineCounter, parseDocument } from 'yaml'
import { builtInProfiles, changeProfile, PROFILE_FIELDS, type ProfileFields, type SmppProfile } from './profiles.ts'

const NAME = /^[a-z0-9][a-z0-9-]{0,29}$/
const KNOWN: ReadonlySet<string> = new Set(['like', ...PROFILE_FIELDS])

export type ReadProfiles = {
  /** The built-in ones, and those of the file that are sound. */
  readonly profiles: ReadonlyMap<string, SmppProfile>
  /** A sentence for each thing that is wrong with the file. */
  readonly problems: readonly string[]
}

/**
 * Reads an operator's profiles from YAML: a map by name, each with `like`, the profile that it is like in all that it does not say
 * (`standard` unless stated, or one further up in the file), and any of the fields that a link's URL may have too.
 */
export function readProfiles(text: string): ReadProfiles {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const [broken] = document.errors
  if (broken !== undefined) {
    const { line } = lines.linePos(broken.pos[0])
    return { profiles: builtInProfiles, problems: [`line ${line} is no YAML; correct it.`] }
  }
  const content: unknown = document.toJS({ maxAliasCount: 0 }) ?? {}
  if (!isMap(content)) return { profiles: builtInProfiles, problems: ['it must be a map of profiles by their names.'] }
  const profiles = new Map(builtInProfiles)
  const problems: string[] = []
  for (const [name, value] of Object.entries(content)) {
    const complain = (clause: string): void => void problems.push(`profile ${name}: ${clause}.`)
    if (!NAME.test(name)) complain('its name must be small letters, digits and hyphens')
    else if (builtInProfiles.has(name)) complain('is built in and cannot be changed; give yours another name')
    else if (!isMap(value)) complain(`it must be a map of its fields`)
    else {
      const { like = 'standard', ...rest } = value
      const base = profiles.get(String(like))
      if (base === undefined) complain(`like must name one of ${[...profiles.keys()].join(', ')}`)
      for (const field of Object.keys(value)) {
        if (!KNOWN.has(field)) complain(`${field} is no field; known are ${[...KNOWN].join(', ')}`)
      }
      const changed = changeProfile(base ?? builtInProfiles.get('standard') ?? fail(), name, fieldsOf(rest))
      for (const problem of changed.problems) complain(problem)
      profiles.set(name, changed.profile)
    }
  }
  return { profiles, problems }
}

/** YAML's numbers, booleans and lists as a URL would write them. */
function fieldsOf(value: Record<string, unknown>): ProfileFields {
  const entries = Object.entries(value).filter(([name]) => KNOWN.has(name))
  return Object.fromEntries(
    entries.map(([name, field]) => [
      name,
      typeof field === 'boolean' ? (field ? 'on' : 'off') : Array.isArray(field) ? field.join(',') : String(field),
    ]),
  )
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fail(): never {
  throw new Error('There is no standard profile.')
}
