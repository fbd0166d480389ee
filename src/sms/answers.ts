import type { Queryable } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { numberIndex, numberIndexes } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'

/**
 * What is answered to an incoming message, as far as it has a limit of its own. `help`: to words that are no keyword; `changed`: to a
 * STOP or START that changed something; `stop`, `start`: to one that did not; `pin`: the warning.
 */
export type AnswerKind = 'keyword' | 'help' | 'stranger' | 'pin' | 'changed' | 'stop' | 'start'

const HOUR = 3600
const DAY = 24 * HOUR

/** How many of a kind one number is sent, in how many seconds. */
const LIMITS: Readonly<Record<AnswerKind, { readonly most: number; readonly seconds: number }>> = {
  keyword: { most: 12, seconds: HOUR },
  help: { most: 1, seconds: HOUR },
  stranger: { most: 1, seconds: DAY },
  pin: { most: 1, seconds: HOUR },
  changed: { most: 10, seconds: DAY },
  stop: { most: 1, seconds: DAY },
  start: { most: 1, seconds: DAY },
}

/** Of all kinds together: two machines that answer each other stop here. */
const MOST_A_DAY = 40

/** Makes messages of one number wait for each other until the transaction ends, so that none overlooks what another is answered. */
export async function lockNumber(tx: Queryable, sealer: Sealer, number: Msisdn): Promise<void> {
  const key = numberIndex(sealer, number).toString('hex')
  await tx.query({
    name: 'sms-lock-number',
    text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 384021119))',
    values: [key],
  })
}

/** Counts one more answer to this number, unless it has had as many as it may; call it with the number's lock held. */
export async function mayAnswer(tx: Queryable, sealer: Sealer, number: Msisdn, kind: AnswerKind): Promise<boolean> {
  const { most, seconds } = LIMITS[kind]
  const { rowCount } = await tx.query({
    name: 'sms-may-answer',
    text: `INSERT INTO sms_answer (number_index, kind)
      SELECT ($1::bytea[])[1], $2 FROM (
        SELECT count(*) AS today, count(*) FILTER (WHERE kind = $2 AND at > now() - make_interval(secs => $3)) AS alike
        FROM sms_answer WHERE number_index = ANY ($1::bytea[]) AND at > now() - interval '1 day'
      ) AS had
      WHERE alike < $4 AND (today < $5 OR $2 = 'changed')`,
    values: [numberIndexes(sealer, number), kind, seconds, most, MOST_A_DAY],
  })
  return rowCount === 1
}
