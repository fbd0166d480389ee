import { reportOf } from './chaos/report.ts'
import { runChaos } from './chaos/run.ts'

const r = await runChaos({
  seed: Number(process.argv[2] ?? 1),
  seconds: Number(process.argv[3] ?? 15),
  directory: '.data/chaos',
  program: ['--import', 'tsx', 'src/main.ts'],
  menus: 'menus',
  gateways: 2,
  workers: 2,
  people: 8,
  calmSeconds: 180,
  signal: new AbortController().signal,
  say: (l) => console.log(l),
})
console.log(reportOf(r))
