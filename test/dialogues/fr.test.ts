import { describeDialogues } from '../support/dialogue-suite.ts'
import { testCoverage } from '../support/menu-coverage.ts'

testCoverage('fr', describeDialogues('fr', 'once'))
