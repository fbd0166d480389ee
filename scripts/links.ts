import { plainLines } from '../src/domain/plain-text.ts'
import { runLinks } from './links/run.ts'

process.exitCode = await runLinks(process.argv.slice(2), {
  out: (text) => process.stdout.write(plainLines(text)),
  err: (text) => process.stderr.write(text),
})
