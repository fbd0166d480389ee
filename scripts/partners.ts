import { runPartners } from './partners/run.ts'

process.exitCode = await runPartners(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
})
