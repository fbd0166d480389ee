/** Writes a whole number from 0 to `MOST` in words. */
export type Spell = (value: number) => string

/** The largest number that is written in words. */
export const MOST: number = 999_999_999_999

/** How whole numbers are written in words, by language (ISO 639-1). Two numbers never have the same words. */
export const spellings: ReadonlyMap<string, Spell> = new Map([
  ['en', english],
  ['sw', swahili],
  ['fr', french],
  ['am', amharic],
])

const ENGLISH = (
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen ' +
  'eighteen nineteen'
).split(' ')
const ENGLISH_TENS = '- ten twenty thirty forty fifty sixty seventy eighty ninety'.split(' ')
const ENGLISH_SCALES = ['', 'thousand', 'million', 'billion']

/** `one thousand two hundred fifty`, without `and`, which stands before the cents. */
function english(value: number): string {
  if (value === 0) return at(ENGLISH, 0)
  return groupsOf(value)
    .map(({ group, scale }) => said(englishGroup(group), at(ENGLISH_SCALES, scale)))
    .join(' ')
}

function englishGroup(group: number): string {
  const [hundreds, rest] = split(group, 100)
  const [tens, ones] = split(rest, 10)
  const below =
    rest < 20 ? wordOf(ENGLISH, rest) : [at(ENGLISH_TENS, tens), wordOf(ENGLISH, ones)].filter(Boolean).join('-')
  return said(hundreds === 0 ? '' : `${at(ENGLISH, hundreds)} hundred`, below)
}

const SWAHILI = 'sifuri moja mbili tatu nne tano sita saba nane tisa'.split(' ')
const SWAHILI_TENS = '- kumi ishirini thelathini arobaini hamsini sitini sabini themanini tisini'.split(' ')

/**
 * `elfu moja mia mbili na hamsini`: the scale stands before its number, `na` before the last part, and a hundred thousand is a `laki`.
 * `elfu ishirini, na moja` has a comma, since `elfu ishirini na moja` is 21,000.
 */
function swahili(value: number): string {
  if (value === 0) return at(SWAHILI, 0)
  const parts = groupsOf(value).flatMap(({ group, scale }): SwahiliPart[] => {
    if (scale !== 1) return [{ scale: at(['', '', 'milioni', 'bilioni'], scale), group }]
    const [lakis, thousands] = split(group, 100)
    return [
      { scale: 'laki', group: lakis },
      { scale: 'elfu', group: thousands },
    ].filter((part) => part.group > 0)
  })
  let text = ''
  for (const [index, { scale, group }] of parts.entries()) {
    if (index > 0) text += swahiliJoint(parts, index)
    text += said(scale, swahiliGroup(group))
  }
  return text
}

type SwahiliPart = { readonly scale: string; readonly group: number }

function swahiliJoint(parts: readonly SwahiliPart[], index: number): string {
  const [before, part] = [parts[index - 1], parts[index]]
  if (part === undefined || index < parts.length - 1) return ' '
  if (part.scale === '' && part.group < 100) return (before?.group ?? 0) < 10 ? ' na ' : ', na '
  return part.scale === '' && part.group % 100 > 0 ? ' ' : ' na '
}

function swahiliGroup(group: number): string {
  const [hundreds, rest] = split(group, 100)
  const [tens, ones] = split(rest, 10)
  const below = [tens === 0 ? '' : at(SWAHILI_TENS, tens), wordOf(SWAHILI, ones)].filter(Boolean)
  if (hundreds === 0) return below.join(' na ')
  const hundred = `mia ${at(SWAHILI, hundreds)}`
  return below.length === 2 ? `${hundred} ${below.join(' na ')}` : [hundred, ...below].join(' na ')
}

const FRENCH =
  'zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf'.split(
    ' ',
  )
const FRENCH_TENS = '- dix vingt trente quarante cinquante soixante soixante quatre-vingt quatre-vingt'.split(' ')

/** `mille deux cent cinquante`, with hyphens below a hundred only; `cent` and `vingt` have their `s` at the end and before a noun such as `millions`. */
function french(value: number): string {
  if (value === 0) return at(FRENCH, 0)
  return groupsOf(value)
    .map(({ group, scale }) => {
      if (scale === 1) return group === 1 ? 'mille' : `${frenchGroup(group, false)} mille`
      const noun = at(['', '', 'million', 'milliard'], scale)
      return said(frenchGroup(group, true), noun === '' || group === 1 ? noun : `${noun}s`)
    })
    .join(' ')
}

/** `plural`: nothing follows that forbids the `s` of a round `cents` or `quatre-vingts`. */
function frenchGroup(group: number, plural: boolean): string {
  const [hundreds, rest] = split(group, 100)
  const many = hundreds > 1 ? `${at(FRENCH, hundreds)} cent${rest === 0 && plural ? 's' : ''}` : ''
  return said(hundreds === 1 ? 'cent' : many, frenchBelow100(rest, plural))
}

function frenchBelow100(rest: number, plural: boolean): string {
  if (rest < 20) return wordOf(FRENCH, rest)
  if (rest === 80) return plural ? 'quatre-vingts' : 'quatre-vingt'
  const [tens, units] = split(rest, 10)
  const ones = tens === 7 || tens === 9 ? units + 10 : units
  if (ones === 0) return at(FRENCH_TENS, tens)
  const joint = units === 1 && tens < 8 ? ' et ' : '-'
  return `${at(FRENCH_TENS, tens)}${joint}${at(FRENCH, ones)}`
}

const AMHARIC = 'ዜሮ አንድ ሁለት ሦስት አራት አምስት ስድስት ሰባት ስምንት ዘጠኝ'.split(' ')
const AMHARIC_TENS = '- አስራ ሃያ ሠላሳ አርባ ሃምሳ ስልሳ ሰባ ሰማንያ ዘጠና'.split(' ')
const AMHARIC_SCALES = ['', 'ሺህ', 'ሚሊዮን', 'ቢሊዮን']

/** `አንድ ሺህ ሁለት መቶ ሃምሳ` */
function amharic(value: number): string {
  if (value === 0) return at(AMHARIC, 0)
  return groupsOf(value)
    .map(({ group, scale }) => said(amharicGroup(group), at(AMHARIC_SCALES, scale)))
    .join(' ')
}

function amharicGroup(group: number): string {
  const [hundreds, rest] = split(group, 100)
  const [tens, ones] = split(rest, 10)
  const ten = rest === 10 ? 'አስር' : tens === 0 ? '' : at(AMHARIC_TENS, tens)
  return said(hundreds === 0 ? '' : `${at(AMHARIC, hundreds)} መቶ`, said(ten, wordOf(AMHARIC, ones)))
}

/** The groups of three digits that are not 0, the largest first; `scale` counts them from the right. */
function groupsOf(value: number): readonly { group: number; scale: number }[] {
  const groups: { group: number; scale: number }[] = []
  for (let [rest, scale] = [value, 0]; rest > 0; scale += 1) {
    const [above, group] = split(rest, 1000)
    if (group > 0) groups.unshift({ group, scale })
    rest = above
  }
  return groups
}

function split(value: number, by: number): readonly [above: number, below: number] {
  return [Math.floor(value / by), value % by]
}

function said(first: string, second: string): string {
  return first === '' || second === '' ? first + second : `${first} ${second}`
}

/** The word, or nothing for 0. */
function wordOf(words: readonly string[], index: number): string {
  return index === 0 ? '' : at(words, index)
}

function at(words: readonly string[], index: number): string {
  return words[index] ?? ''
}
