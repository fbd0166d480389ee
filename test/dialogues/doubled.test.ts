import { describe } from 'vitest'
import { describeDialogues } from '../support/dialogue-suite.ts'

describe('every callback posted twice changes nothing and gets the same bytes', () => {
  describe('one after the other', () => describeDialogues('en', 'twice'))
  describe('both at the same moment', () => describeDialogues('en', 'together'))
})
