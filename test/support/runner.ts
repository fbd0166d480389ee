import { inject, TestRunner } from 'vitest'
import { redisIsNeeded } from './needs.ts'

type Task = { mode: string; result?: { state: string }; tasks?: Task[] }

/** Skips, and so counts, the tests of a file that needs Redis where there is none. */
export default class Runner extends TestRunner {
  onCollected(files: Task[]): void {
    if (redisIsNeeded() && inject('redisUrl') === null) for (const file of files) skip(file)
  }
}

function skip(task: Task): void {
  task.mode = 'skip'
  task.result = { state: 'skip' }
  for (const child of task.tasks ?? []) skip(child)
}
