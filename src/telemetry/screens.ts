/**
 * What happened on a screen. `shown`: it asked for an answer, or was an end; `ended`: the dialogue ended with words of this screen;
 * `dropped` and `failed`: the network ended the session while the screen waited (hung up or left unanswered; broken).
 */
export type ScreenDeed = 'shown' | 'ended' | 'answered' | 'invalid' | 'back' | 'home' | 'page' | 'dropped' | 'failed'

type Deeds = Partial<Record<ScreenDeed, number>>

export type ScreenTally = {
  readonly count: (program: string, language: string, screen: string, deed: ScreenDeed) => void
  /** Labels `screen`, `language`, `program` (the first twelve digits of its hash) and `deed`. */
  readonly read: () => Generator<readonly [Readonly<Record<string, string>>, number]>
}

/**
 * Programs that are counted at the same time; more than live at once unless menus are published every few seconds. With a menu's screens and
 * languages both fixed by the program, this bounds the series: 4 versions of 60 screens in 4 languages with 5 deeds each are 5,000.
 */
const MOST_PROGRAMS = 4

/** Counts by three look-ups of strings that are there already, since every hop counts twice; labels are made when somebody reads. */
export function makeScreenTally(): ScreenTally {
  const programs = new Map<string, Map<string, Map<string, Deeds>>>()

  /** The one that came first is forgotten; one that still lives begins anew, as counters may. */
  function open(program: string): Map<string, Map<string, Deeds>> {
    const languages = new Map<string, Map<string, Deeds>>()
    programs.set(program, languages)
    const [oldest] = programs.keys()
    if (programs.size > MOST_PROGRAMS && oldest !== undefined) programs.delete(oldest)
    return languages
  }

  return {
    count(program, language, screen, deed) {
      const languages = programs.get(program) ?? open(program)
      const screens = within(languages, language, () => new Map<string, Deeds>())
      const deeds = within(screens, screen, (): Deeds => ({}))
      deeds[deed] = (deeds[deed] ?? 0) + 1
    },
    *read() {
      for (const [program, languages] of programs)
        for (const [language, screens] of languages)
          for (const [screen, deeds] of screens)
            for (const [deed, count] of Object.entries(deeds))
              yield [{ screen, language, program: program.slice(0, 12), deed }, count]
    },
  }
}

function within<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
