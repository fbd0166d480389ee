import { spawn } from 'node:child_process'

export type CommandRun = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** A command of `scripts/`, as a process of its own with just this environment (and PATH), to its end. */
export function runCommandLine(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  input = '',
): Promise<CommandRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', `scripts/${command}.ts`, ...args], {
      env: { PATH: process.env.PATH, ...env },
    })
    const run = { stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => {
      run.stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      run.stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...run }))
    child.stdin.end(input)
  })
}
