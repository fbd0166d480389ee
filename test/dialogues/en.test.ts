import { describe } from 'vitest'
import { describeDialogues } from '../support/dialogue-suite.ts'
import { testCoverage } from '../support/menu-coverage.ts'

describe('every callback posted at the same moment as its twin, and once more after, changes nothing and gets the same bytes', () => {
  testCoverage('en', describeDialogues('en', 'thrice'))
})
