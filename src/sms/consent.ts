import type { Queryable } from '../database/database.ts'
import type { Msisdn } from '../domain/msisdn.ts'
import { numberIndex } from '../security/contexts.ts'
import type { Sealer } from '../security/sealing.ts'

/** Whether whoever has this number wants nothing but what is about their own account. */
export async function hasOptedOut(queryable: Queryable, sealer: Sealer, number: Msisdn): Promise<boolean> {
  const { rows } = await queryable.query({
    name: 'sms-opted-out',
    text: 'SELECT FROM sms_opt_out WHERE number_index = $1 LIMIT 1',
    values: [numberIndex(sealer, number)],
  })
  return rows.length > 0
}
