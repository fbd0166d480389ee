import type { Choice, NavigationKeys, Screen, ScreenId, TextKey } from './program.ts'

/** A text of a screen and what the engine writes before it, such as the key of a choice. */
export type Block = { readonly mark: string; readonly key: TextKey }

/** What stands between anything said above a screen and its footer, without a list's rows. `again`: of an input, the second time. */
export function blocksOf(id: ScreenId, screen: Screen, choices: readonly Choice[], again = false): readonly Block[] {
  const text: Block = { mark: '', key: `${id}.text` }
  switch (screen.kind) {
    case 'menu':
      return [text, ...choices.map(({ key }) => ({ mark: `${key} `, key: `${id}.choice.${key}` }))]
    case 'input': {
      if (again) return [{ mark: '', key: `${id}.again` }]
      const options = screen.type.type === 'pick' ? screen.type.of : []
      return [text, ...options.map((option, index) => ({ mark: `${index + 1} `, key: pickKey(id, option) }))]
    }
    case 'confirm':
      return [text, ...screen.buttons.map((key) => ({ mark: '', key }))]
    default:
      return [text]
  }
}

/** The words of an option of an input by `pick`. */
export function pickKey(id: ScreenId, option: string): TextKey {
  return `${id}.pick.${option}`
}

/** What the screen that offers to go on with a dropped session is called; it stands in no flow. */
export const OFFER: ScreenId = 'service.resume'

export const offerBlocks: readonly Block[] = [
  { mark: '', key: 'service.resume.text' },
  { mark: '1 ', key: 'service.resume.continue' },
  { mark: '2 ', key: 'service.resume.over' },
]

/** What a list's row begins with; rows that are only read have no number. */
export function rowMark(chosen: boolean, index: number): string {
  return chosen ? `${index + 1} ` : ''
}

/** Which ways out the footer of a screen shows. */
export type Ways = {
  readonly more: boolean
  readonly previous: boolean
  readonly back: boolean
  readonly home: boolean
}

/** The footer is one line; the key of exit, where there is one, is on every screen. Where no key is set for the previous page, `back` turns to it. */
export function footerOf(keys: NavigationKeys, ways: Ways): readonly TextKey[] {
  return [
    ...(ways.more ? ['service.navigation.more'] : []),
    ...(ways.previous && keys.previous !== null ? ['service.navigation.previous'] : []),
    ...(ways.back || (ways.previous && keys.previous === null) ? ['service.navigation.back'] : []),
    ...(ways.home ? ['service.navigation.home'] : []),
    ...(keys.exit !== null ? ['service.navigation.exit'] : []),
  ]
}
