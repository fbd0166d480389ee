import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { Secret } from '../../src/domain/secret.ts'
import type { AnswerSource } from './options.ts'

/** The answer from wherever it is to come; null when there is none to have. */
export async function readAnswer(source: AnswerSource, question: string): Promise<Secret | null> {
  switch (source.kind) {
    case 'given':
      return source.answer
    case 'file':
      return new Secret((await readFile(source.path, 'utf8')).trim())
    case 'ask':
      return process.stdin.isTTY ? await askHidden(`${question} (the answer is not shown) `) : await firstLine()
    case 'none':
      return null
  }
}

async function askHidden(prompt: string): Promise<Secret> {
  process.stderr.write(prompt)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: silent, terminal: true, historySize: 0 })
  return await new Promise((resolve, reject) => {
    reader.once('SIGINT', () => {
      reader.close()
      reject(new Error('Stopped; nobody was enrolled.'))
    })
    reader.once('line', (line) => {
      reader.close()
      process.stderr.write('\n')
      resolve(new Secret(line))
    })
  })
}

async function firstLine(): Promise<Secret | null> {
  const reader = createInterface({ input: process.stdin })
  for await (const line of reader) {
    reader.close()
    return new Secret(line)
  }
  return null
}
