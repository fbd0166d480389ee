import { plainLines } from '../src/domain/plain-text.ts'
import { runPartners } from './partners/run.ts'

process.exitCode = await runPartners(process.argv.slice(2), {
  out: (text) => process.stdout.write(plainLines(text)),
  err: (text) => process.stderr.write(text),
})
