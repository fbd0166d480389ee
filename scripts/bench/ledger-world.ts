import { type Database, openDatabase } from '../../src/database/database.ts'
import { type AccountId, type SubscriberId, type TransferId, uuidv7 } from '../../src/domain/ids.ts'
import { markets } from '../../src/domain/markets.ts'
import type { Msisdn } from '../../src/domain/msisdn.ts'
import type { Confirmation } from '../../src/ledger/hold.ts'
import { bringTariffs } from '../../src/ledger/load-tariffs.ts'
import { nameContext, numberContext, numberIndex } from '../../src/security/contexts.ts'
import { makeKey } from '../../src/security/keys.ts'
import { makeSealer, type Sealer } from '../../src/security/sealing.ts'
import { createBaseline } from './ledger-baseline.ts'
import { type BenchWorld, openBenchWorld } from './world.ts'

/** A ledger with people, and as many journals as are wanted; the baseline's tables beside it have the same. */
export type LedgerBench = {
  readonly world: BenchWorld
  readonly owner: Database
  readonly app: Database
  readonly sealer: Sealer
  /** Adds journals until there are so many, in both. */
  fill(journals: number): Promise<void>
  /** Transfers of three legs between people, ready to be held. */
  confirmations(count: number): Confirmation[]
  close(): Promise<void>
}

type Wallet = { readonly id: SubscriberId; readonly wallet: AccountId }

const PEOPLE = 20_000
const CHUNK = 250_000
const AMOUNT = 20_000n
const FEE = 700n
const TAX = 91n
const OPENING = 25_000_000

export async function openLedgerBench(): Promise<LedgerBench> {
  const world = await openBenchWorld(0, 0)
  const sealer = makeSealer(makeKey(Buffer.alloc(32, 1)))
  const app = openDatabase(world.databaseUrl, { maxConnections: 24, applicationName: 'bench' })
  const owner = openDatabase(world.ownerUrl, {
    maxConnections: 2,
    applicationName: 'bench-fill',
    statementTimeoutMs: 0,
  })
  const market = markets.get('KE')
  if (market === undefined) throw new Error('the market of the benchmarks is gone')
  await bringTariffs(owner, market, null)
  const people = await addPeople(owner, sealer)
  const houses = await owner.query<{ kind: string; id: AccountId }>(
    `SELECT kind, id FROM account WHERE owner_id IS NULL`,
  )
  const house = (kind: string): AccountId => houses.rows.find((row) => row.kind === kind)?.id as AccountId
  const tariff = await owner.query<{ version: string }>('SELECT version FROM tariff')
  await owner.query(`CREATE TABLE bench_wallet (n integer PRIMARY KEY, owner_id uuid, id uuid)`)
  await owner.query(
    `INSERT INTO bench_wallet SELECT u.n - 1, u.o, u.i FROM unnest($1::uuid[], $2::uuid[]) WITH ORDINALITY AS u (o, i, n)`,
    [people.map(({ id }) => id), people.map(({ wallet }) => wallet)],
  )
  await createBaseline(owner)
  let filled = 0
  let asked = 0
  return {
    ...{ world, owner, app, sealer },
    async fill(journals) {
      if (filled >= journals) return
      await owner.query('SELECT baseline.loosen()')
      for (; filled < journals; filled += CHUNK) {
        const until = Math.min(filled + CHUNK, journals)
        await owner.transaction((tx) =>
          tx.query('SELECT bench_fill($1, $2, $3, $4, $5)', [filled, until, AMOUNT, FEE, TAX]),
        )
      }
      filled = journals
      await owner.query('SELECT baseline.bind()')
      await owner.query('VACUUM (ANALYZE)')
      await owner.query('CHECKPOINT').catch(() => undefined)
    },
    confirmations(count) {
      return Array.from({ length: count }, () => {
        asked += 1
        const payer = people[(asked * 7919) % PEOPLE] as Wallet
        const payee = people[(asked * 7919 + 1 + (asked % 97)) % PEOPLE] as Wallet
        const legs = [
          { debit: payer.wallet, credit: payee.wallet, amount: String(AMOUNT), what: 'amount' },
          { debit: payer.wallet, credit: house('fee_income'), amount: String(FEE - TAX), what: 'fee' },
          { debit: payer.wallet, credit: house('tax_payable'), amount: String(TAX), what: 'tax' },
        ] as const
        const quote = {
          ...({ id: uuidv7() as TransferId, kind: 'send', payerId: payer.id, payerAccount: payer.wallet } as const),
          ...{ payeeId: payee.id, payeeAccount: payee.wallet, biller: null, payeeName: 'Person P.' },
          ...({
            amount: String(AMOUNT),
            fee: String(FEE),
            tax: String(TAX),
            total: String(AMOUNT + FEE),
            payeeReceives: String(AMOUNT),
            currency: 'KES',
          } as const),
          ...{ legs, tariff: tariff.rows[0]?.version ?? '', quotedAtMs: Date.now() },
        }
        return { quote, sessionId: uuidv7() }
      })
    },
    async close() {
      await Promise.all([app.close(), owner.close()])
      await world.close()
    },
  }
}

async function addPeople(owner: Database, sealer: Sealer): Promise<Wallet[]> {
  const people = Array.from({ length: PEOPLE }, (_, n) => {
    const id = uuidv7() as SubscriberId
    return { id, number: `+2547${String(10_000_000 + n)}` as Msisdn, name: `Person Number${n}` }
  })
  await owner.query(
    `INSERT INTO subscriber (id, number_sealed, number_index, name_sealed, language, status, tier, terms_version)
     SELECT u.*, 'en', 'active', 'standard', '1' FROM unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::bytea[]) AS u`,
    [
      people.map(({ id }) => id),
      people.map(({ id, number }) => sealer.seal(number, numberContext(id))),
      people.map(({ number }) => numberIndex(sealer, number)),
      people.map(({ id, name }) => sealer.seal(name, nameContext(id))),
    ],
  )
  const { rows } = await owner.query<Wallet>(
    `SELECT s.id, ledger_open_wallet(s.id, 'standard', 'KES') AS wallet FROM subscriber s ORDER BY s.id`,
  )
  await owner.query(FILL)
  await owner.query(
    `WITH journal AS (
       INSERT INTO journal (id, kind, reference, business_day) VALUES (gen_random_uuid(), 'funding', 'opening', now()::date) RETURNING id
     ), wallet AS (SELECT id, row_number() OVER (ORDER BY id) AS n FROM account WHERE kind = 'wallet')
     SELECT count(*) FROM ledger_write_entries(
       (SELECT array_agg((SELECT id FROM journal)) FROM wallet), (SELECT array_agg(n::smallint ORDER BY n) FROM wallet),
       (SELECT array_agg((SELECT id FROM account WHERE kind = 'trust')) FROM wallet), (SELECT array_agg(id ORDER BY n) FROM wallet),
       (SELECT array_agg(${OPENING}::bigint) FROM wallet), '{}', '{}', '{}')`,
  )
  return rows
}

/** History as the posting functions would have left it: as many rows in each table, numbers and balances of the accounts in order. */
const FILL = `
CREATE FUNCTION bench_fill(p_from integer, p_until integer, p_amount bigint, p_fee bigint, p_tax bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_fee uuid; v_tax uuid; v_people integer; v_tariff text; v_table text;
  v_tables text[] := ARRAY['transfer', 'transfer_event', 'transfer_leg', 'hold', 'hold_resolution', 'journal', 'entry', 'account', 'pair_counter'];
BEGIN
  SET LOCAL work_mem = '256MB';
  SELECT id INTO v_fee FROM account WHERE kind = 'fee_income';
  SELECT id INTO v_tax FROM account WHERE kind = 'tax_payable';
  SELECT count(*) INTO v_people FROM bench_wallet;
  SELECT version INTO v_tariff FROM tariff;
  CREATE TEMP TABLE fresh ON COMMIT DROP AS
    SELECT g.n, (lpad(to_hex(1700000000000 + g.n), 12, '0') || '7' || substr(md5(g.n::text), 1, 3) || '8' || substr(md5(g.n::text), 4, 15))::uuid AS id,
           translate(upper(substr(md5('r' || g.n), 1, 10)), '01', 'XY') AS reference,
           payer.id AS payer, payer.owner_id AS payer_id, payee.id AS payee, payee.owner_id AS payee_id
      FROM generate_series(p_from, p_until - 1) AS g (n)
      JOIN bench_wallet payer ON payer.n = g.n::bigint * 7919 % v_people
      JOIN bench_wallet payee ON payee.n = (g.n::bigint * 7919 + 1 + g.n % 97) % v_people
     ORDER BY g.n;
  CREATE TEMP TABLE fresh_leg ON COMMIT DROP AS
    SELECT f.n, f.id, l.leg::smallint AS leg, f.payer AS debit, l.credit, l.amount FROM fresh f
     CROSS JOIN LATERAL (VALUES (1, f.payee, p_amount), (2, v_fee, p_fee - p_tax), (3, v_tax, p_tax)) AS l (leg, credit, amount) ORDER BY f.n, l.leg;
  FOREACH v_table IN ARRAY v_tables LOOP
    EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', v_table);
  END LOOP;
  INSERT INTO transfer (id, reference, kind, session_id, payer_id, payer_account, payee_id, payee_account, currency, amount, fee, tax, tariff, quoted_at,
                        content_mac, business_day, created_at, state, version, next_attempt_at, ring_at)
  SELECT f.id, f.reference, 'send', f.id, f.payer_id, f.payer, f.payee_id, f.payee, 'KES', p_amount, p_fee, p_tax, v_tariff, now(), '\\x00', '2024-01-01',
         now() - interval '1 day', 'SETTLED', 2, NULL, NULL FROM fresh f ORDER BY f.n;
  INSERT INTO transfer_event (transfer_id, version, from_state, to_state) SELECT f.id, e.version, e.from_state, e.to_state FROM fresh f
   CROSS JOIN (VALUES (1, NULL, 'HELD'), (2, 'HELD', 'SETTLED')) AS e (version, from_state, to_state) ORDER BY f.n;
  INSERT INTO transfer_leg SELECT l.id, l.leg, l.debit, l.credit, 'KES', l.amount FROM fresh_leg l ORDER BY l.n, l.leg;
  INSERT INTO hold SELECT f.id, h.account, h.out_amount, h.in_amount FROM fresh f
   CROSS JOIN LATERAL (VALUES (f.payer, p_amount + p_fee, 0), (f.payee, 0, p_amount)) AS h (account, out_amount, in_amount) ORDER BY f.n;
  INSERT INTO hold_resolution SELECT f.id, 'posted' FROM fresh f ORDER BY f.n;
  INSERT INTO journal (id, kind, transfer_id, reference, business_day) SELECT f.id, 'send', f.id, f.reference, '2024-01-01' FROM fresh f ORDER BY f.n;
  CREATE TEMP TABLE fresh_side ON COMMIT DROP AS
    SELECT s.*, a.seq + row_number() OVER line AS seq, (a.credits - a.debits + sum(s.change) OVER line)::bigint AS balance
      FROM (SELECT l.n, l.leg, true AS is_debit, l.debit AS account_id, -l.amount AS change FROM fresh_leg l
            UNION ALL SELECT l.n, l.leg, false, l.credit, l.amount FROM fresh_leg l) s JOIN account a ON a.id = s.account_id
    WINDOW line AS (PARTITION BY s.account_id ORDER BY s.n, s.leg ROWS UNBOUNDED PRECEDING);
  CREATE TEMP TABLE fresh_entry ON COMMIT DROP AS
    SELECT l.*, d.seq AS debit_seq, c.seq AS credit_seq, d.balance AS debit_balance, c.balance AS credit_balance FROM fresh_leg l
      JOIN fresh_side d ON d.n = l.n AND d.leg = l.leg AND d.is_debit JOIN fresh_side c ON c.n = l.n AND c.leg = l.leg AND NOT c.is_debit
     ORDER BY l.n, l.leg;
  INSERT INTO entry (journal_id, leg, debit, credit, currency, amount, debit_seq, credit_seq, debit_balance, credit_balance)
  SELECT e.id, e.leg, e.debit, e.credit, 'KES', e.amount, e.debit_seq, e.credit_seq, e.debit_balance, e.credit_balance FROM fresh_entry e;
  UPDATE account a SET debits = a.debits + c.debits, credits = a.credits + c.credits, seq = a.seq + c.entries
    FROM (SELECT s.account_id, sum(CASE WHEN s.is_debit THEN -s.change ELSE 0 END) AS debits, sum(CASE WHEN s.is_debit THEN 0 ELSE s.change END) AS credits,
                 count(*) AS entries FROM fresh_side s GROUP BY 1) c WHERE a.id = c.account_id;
  INSERT INTO pair_counter SELECT f.payer, f.payee, '2024-01-01', sum(p_amount), count(*), '2024-01-01', sum(p_amount), count(*) FROM fresh f GROUP BY 1, 2
  ON CONFLICT (payer_account, payee_account) DO NOTHING;
  PERFORM baseline.fill(p_amount, p_fee);
  FOREACH v_table IN ARRAY v_tables LOOP
    EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', v_table);
  END LOOP;
END $$`
