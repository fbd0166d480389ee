import { readFile } from 'node:fs/promises'
import { openCheckpoint } from '../../src/security/audit-log/checkpoint.ts'
import { checkProof } from '../../src/security/audit-log/inclusion-proof.ts'
import { judgeNote } from '../../src/security/audit-log/note.ts'
import { checkConsistency } from '../../src/security/audit-log/proofs.ts'
import { parseWitnessRequest } from '../../src/security/audit-log/witness.ts'
import type { CheckRequest } from './request.ts'
import type { Output } from './run.ts'

/** Checks a proof with nothing but files and public keys. */
export async function checkFiles(
  { file, from, log, cosigned }: CheckRequest,
  { print, warn }: Output,
): Promise<number> {
  const text = await readFile(file, 'utf8')
  const found = from === null ? checkEntry(text) : checkOlder(text, await readFile(from, 'utf8'))
  ;(found.good ? print : warn)(`${found.text}\n`)
  return found.good ? 0 : 1

  function checkEntry(proof: string): { good: boolean; text: string } {
    const verdict = checkProof(proof, log, cosigned)
    if (verdict.kind === 'not_proven') return { good: false, text: `Not proven. ${verdict.why}` }
    const missing = cosigned.filter(({ name }) => !verdict.witnesses.includes(name))
    if (missing.length > 0)
      return { good: false, text: `${missing.map(({ name }) => name).join(', ')} has not cosigned the checkpoint.` }
    const by = verdict.witnesses.length === 0 ? '' : `, cosigned by ${verdict.witnesses.join(', ')}`
    const where = `leaf ${verdict.index} of the ${verdict.size} that ${log.name} has signed${by}`
    return { good: true, text: `Proven: ${where}.\n${verdict.entry.toString('utf8')}` }
  }

  function checkOlder(proof: string, kept: string): { good: boolean; text: string } {
    const request = parseWitnessRequest(proof)
    const [older, newer] = [openCheckpoint(kept, log), openCheckpoint(request?.checkpoint ?? '', log)]
    if (request === null) return { good: false, text: 'This is no proof as npm run audit -s -- consistency writes it.' }
    if (older === null || newer === null)
      return { good: false, text: `Not both checkpoints are signed by ${log.name} with this key.` }
    const missing = cosigned.filter((witness) => judgeNote(newer.note, witness).kind !== 'signed')
    if (missing.length > 0)
      return { good: false, text: `${missing.map(({ name }) => name).join(', ')} has not cosigned the checkpoint.` }
    return checkConsistency(older, newer, request.proof)
      ? { good: true, text: `Proven: the log of ${newer.size} leaves goes on from that of ${older.size}.` }
      : { good: false, text: `Not proven: the log of ${newer.size} leaves does not go on from that of ${older.size}.` }
  }
}
