import { keys } from './keys.ts'
import { rotate } from './rotate.ts'
import type { Verb } from './verb.ts'

export const verbs: readonly Verb[] = [keys, rotate]
