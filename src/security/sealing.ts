import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from 'node:crypto'
import { deriveKey, type Key, ringOf } from './keys.ts'

export type Sealer = {
  /**
   * Encrypts one field. `context` names the column and the row (`subscriber.number:<row id>`) and is not stored: the result opens
   * only under the same context, so a sealed value copied into another row or column is refused.
   */
  seal(plain: string, context: string): Buffer
  /** Throws when the value was changed, moved, or sealed under a key that is neither the current one nor an older one. */
  open(sealed: Buffer, context: string): string
  /** A keyed hash to look a value up by, different for each purpose: 4 bytes of key id, then HMAC-SHA256. */
  index(value: string, purpose: string): Buffer
  /** What the value may be found under: `index`, then the same under each older key. One, unless a key is being replaced. */
  indexes(value: string, purpose: string): readonly [Buffer, ...Buffer[]]
}

const VERSION = 1
const KEY_ID_LENGTH = 4
const HEADER_LENGTH = 1 + KEY_ID_LENGTH
/** NIST SP 800-38D §8.2.2: 96 random bits, good for 2^32 values under one key. */
const IV_LENGTH = 12
const TAG_LENGTH = 16

/**
 * AES-256-GCM per field. Layout: version (1), key id (4), IV (12), ciphertext, tag (16); the associated data is the header and
 * the context. Encryption and look-up use different keys derived from `key`. Values are sealed under the key itself and opened under
 * whichever of it and its older ones they name.
 */
export function makeSealer(key: Key): Sealer {
  const [current, ...older] = ringOf(key).map(makeSuite) as [Suite, ...Suite[]]
  const nextIv = makeIvs()
  return {
    seal(plain, context) {
      const iv = nextIv()
      const cipher = createCipheriv('aes-256-gcm', current.sealingKey, iv, { authTagLength: TAG_LENGTH })
      cipher.setAAD(associatedData(current, context))
      const ciphertext = cipher.update(plain, 'utf8')
      cipher.final()
      return Buffer.concat([current.header, iv, ciphertext, cipher.getAuthTag()])
    },
    open(sealed, context) {
      if (sealed.length < HEADER_LENGTH + IV_LENGTH + TAG_LENGTH) throw new Error('A sealed value is too short.')
      const isUnder = ({ header }: Suite) => sealed.subarray(0, HEADER_LENGTH).equals(header)
      const suite = isUnder(current) ? current : older.find(isUnder)
      if (suite === undefined) {
        throw new Error(
          `A sealed value is under key ${sealed.toString('hex', 1, HEADER_LENGTH)}, not ${ringOf(key)
            .map(({ id }) => id)
            .join(' or ')}.`,
        )
      }
      const textStart = HEADER_LENGTH + IV_LENGTH
      const tagStart = sealed.length - TAG_LENGTH
      const iv = sealed.subarray(HEADER_LENGTH, textStart)
      const decipher = createDecipheriv('aes-256-gcm', suite.sealingKey, iv, { authTagLength: TAG_LENGTH })
      decipher.setAAD(associatedData(suite, context))
      decipher.setAuthTag(sealed.subarray(tagStart))
      return decipher.update(sealed.subarray(textStart, tagStart), undefined, 'utf8') + decipher.final('utf8')
    },
    index: (value, purpose) => indexUnder(current, value, purpose),
    indexes: (value, purpose) => [
      indexUnder(current, value, purpose),
      ...older.map((suite) => indexUnder(suite, value, purpose)),
    ],
  }
}

/** What is made of one key, once. */
type Suite = { readonly header: Buffer; readonly sealingKey: KeyObject; readonly indexKey: Buffer }

function makeSuite(key: Key): Suite {
  return {
    header: Buffer.concat([Buffer.of(VERSION), Buffer.from(key.id, 'hex')]),
    sealingKey: createSecretKey(deriveKey(key, 'sealing')),
    indexKey: deriveKey(key, 'index'),
  }
}

function associatedData({ header }: Suite, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context)])
}

function indexUnder({ header, indexKey }: Suite, value: string, purpose: string): Buffer {
  const digest = createHmac('sha256', indexKey).update(`${purpose}\0${value}`).digest()
  return Buffer.concat([header.subarray(1), digest])
}

/** Random bytes are fetched for many values at a time: a call for twelve costs as much as one for thousands. */
function makeIvs(): () => Buffer {
  const pool = Buffer.alloc(IV_LENGTH * 256)
  let used = pool.length
  return () => {
    if (used === pool.length) {
      randomFillSync(pool)
      used = 0
    }
    used += IV_LENGTH
    return Buffer.from(pool.subarray(used - IV_LENGTH, used))
  }
}
