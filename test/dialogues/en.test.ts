import { describeDialogues } from '../support/dialogue-suite.ts'

describeDialogues('en', 'once')
