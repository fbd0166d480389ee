import { runLinks } from './links/run.ts'

process.exitCode = await runLinks(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
})
