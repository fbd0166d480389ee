import { describeDialogues } from '../support/dialogue-suite.ts'

describeDialogues('sw', 'once')
