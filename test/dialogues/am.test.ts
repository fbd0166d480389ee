import { describeDialogues } from '../support/dialogue-suite.ts'
import { testCoverage } from '../support/menu-coverage.ts'

testCoverage('am', describeDialogues('am', 'once'))
