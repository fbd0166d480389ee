/** What a session remembers of how fast it was answered: milliseconds from a screen to its answer, of the last few, the oldest first. */
export type Pace = readonly number[]

/** What becomes of dialogues that are answered faster than people can: nothing, a count and a line, or no more writes in them. */
export type MachineSpeed = 'off' | 'flag' | 'refuse'

const MOST_REMEMBERED = 5
/** One quick answer is a double press, two may be a menu known by heart. */
const LEAST_ANSWERS = 4
/** A screen crosses the radio, is read, a key is pressed and sent: over any network that takes a second at the least. */
const THUMB_MS = 400
/** Longer than a session lives; nobody needs to know by how much. */
const LONGEST_MS = 600_000

export function paced(pace: Pace, thinkMs: number): Pace {
  return [...pace, Math.min(LONGEST_MS, Math.max(0, Math.round(thinkMs)))].slice(-MOST_REMEMBERED)
}

/** Several answers, the median of them faster than any thumb: a program, or an overlay on the SIM, holds the phone. */
export function isMachine(pace: Pace): boolean {
  if (pace.length < LEAST_ANSWERS) return false
  const sorted = [...pace].sort((a, b) => a - b)
  return (sorted[Math.floor(sorted.length / 2)] ?? LONGEST_MS) < THUMB_MS
}
