import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { makeLogSigner, openCheckpoint, parseCheckpoint } from '../../../src/security/audit-log/checkpoint.ts'
import {
  cosignNote,
  judgeNote,
  keyIdOf,
  type NoteKey,
  parseNote,
  parseVerifierKey,
  verifierKey,
} from '../../../src/security/audit-log/note.ts'
import { ed25519Of } from '../../../src/security/ed25519.ts'
import { makeKey } from '../../../src/security/keys.ts'

/** A published note, and public keys that have signed it. */
type Vector = { readonly source: string; readonly keys: readonly string[]; readonly note: string }

const vectors = JSON.parse(readFileSync('test/contracts/signed-notes.json', 'utf8')) as readonly Vector[]

const keyOf = (text: string): NoteKey => {
  const key = parseVerifierKey(text)
  if (key === null) throw new Error(`${text} is no key`)
  return key
}

describe.each(vectors)('the note of $source', ({ keys, note: text }) => {
  const note = parseNote(text)

  test('is signed by its published keys, and reads as it was written', () => {
    if (note === null) throw new Error('no note')
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) {
      expect(judgeNote(note, keyOf(key)).kind).toBe('signed')
      expect(verifierKey(keyOf(key))).toBe(key)
    }
    expect(`${note.text}\n${note.signatures.map(({ line }) => line).join('')}`).toBe(text)
  })

  test('is not signed any more when one character of it is another', () => {
    const changed = parseNote(text.replace(/[a-z]/, 'X'))
    if (changed === null) throw new Error('no note')
    for (const key of keys) expect(judgeNote(changed, keyOf(key)).kind).toBe('wrong')
  })
})

describe('the examples of tlog-checkpoint and tlog-cosignature', () => {
  const text =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
    '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n' +
    '— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n'

  test('are read', () => {
    const checkpoint = parseCheckpoint(text)
    expect(checkpoint).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20_852_163 })
    expect(checkpoint?.note.signatures.map(({ name }) => name)).toEqual([
      'example.com/behind-the-sofa',
      'witness.example.com/w1',
    ])
    // tlog-cosignature: "time 1679315147".
    expect(checkpoint?.note.signatures[1]?.signature.readBigUInt64BE()).toBe(1_679_315_147n)
  })

  test.each([
    ['without a blank line', text.replace('\n\n', '\n')],
    ['without signatures', text.slice(0, text.indexOf('—'))],
    ['without the last newline', text.slice(0, -1)],
    ['with a carriage return', text.replaceAll('\n', '\r\n')],
    ['with a size that begins with zero', text.replace('20852163', '020852163')],
    [
      'with a root of 31 bytes',
      text.replace('CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=', Buffer.alloc(31).toString('base64')),
    ],
    ['with a line that is no signature', `${text}- somebody AAAA\n`],
    ['with an empty line for an extension', text.replace('\n\n', '\n\n\n')],
  ])('%s is no checkpoint', (_, wrong) => {
    expect(parseCheckpoint(wrong)).toBeNull()
  })
})

describe('our own', () => {
  const signer = makeLogSigner(makeKey(Buffer.alloc(32, 1)), 'nyota.test/audit')
  const head = { size: 7, root: Buffer.alloc(32, 3) }

  test('checkpoint opens under its key, and under no other key or name', () => {
    const text = signer.sign(head)
    expect(openCheckpoint(text, signer.key)).toMatchObject({ size: 7, origin: 'nyota.test/audit' })
    expect(openCheckpoint(text.replace('\n7\n', '\n8\n'), signer.key)).toBeNull()
    expect(openCheckpoint(text, makeLogSigner(makeKey(Buffer.alloc(32, 2)), 'nyota.test/audit').key)).toBeNull()
    expect(openCheckpoint(text, { ...signer.key, name: 'nyota.test/other' })).toBeNull()
  })

  test('cosignature says when, under another key id than a plain signature by the same key', () => {
    const pair = ed25519Of(Buffer.alloc(32, 4))
    const witness: NoteKey = { kind: 'witness', name: 'w', publicKey: pair.publicKey }
    const text = signer.sign(head)
    const checkpoint = parseCheckpoint(text)
    const cosigned = parseNote(text + cosignNote(checkpoint?.note.text ?? '', 'w', pair, 1_700_000_000_999))
    if (cosigned === null) throw new Error('no note')
    expect(judgeNote(cosigned, witness)).toMatchObject({ kind: 'signed', atMs: 1_700_000_000_000 })
    expect(judgeNote(cosigned, { ...witness, kind: 'log' }).kind).toBe('absent')
    expect(keyIdOf(witness).equals(keyIdOf({ ...witness, kind: 'log' }))).toBe(false)
    expect(parseVerifierKey(verifierKey(witness))).toEqual(witness)
    expect(parseVerifierKey(verifierKey(witness).replace('w+', 'v+'))).toBeNull()
  })
})
