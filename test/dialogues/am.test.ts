import { describeDialogues } from '../support/dialogue-suite.ts'

describeDialogues('am', 'once')
