import { describeDialogues } from '../support/dialogue-suite.ts'

describeDialogues('fr', 'once')
