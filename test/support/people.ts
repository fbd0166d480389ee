/** The people of the demo and of dialogue tests. Balances in cents. */
export type DemoPerson = {
  readonly number: string
  readonly name: string
  /** Null: enrolled, not yet activated. */
  readonly pin: string | null
  readonly balance: bigint
  /** To the identity question. */
  readonly answer: string
}

export const QUESTION = 'Which was your first school?'

export const people: Readonly<Record<string, DemoPerson>> = {
  amina: { number: '+254700000001', name: 'Amina Otieno', pin: '73915', balance: 500_000n, answer: 'Moi Avenue' },
  juma: { number: '+254700000002', name: 'Juma Kariuki', pin: '28461', balance: 120_000n, answer: 'Kaloleni' },
  wanjiru: { number: '+254700000003', name: 'Wanjiru Mwangi', pin: '50927', balance: 8_000n, answer: 'Loreto' },
  baraka: { number: '+254700000004', name: 'Baraka Odhiambo', pin: null, balance: 0n, answer: 'Lake Primary' },
}
