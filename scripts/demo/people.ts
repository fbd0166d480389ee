export type DemoPerson = {
  readonly number: string
  readonly name: string
  /** Null: enrolled, and has not dialled yet. */
  readonly pin: string | null
  /** To the identity question; null: there is none on file. */
  readonly answer: string | null
  /** Minor units. */
  readonly balance: bigint
}

/** The people of the demo, by first name in small letters. Their PINs stand in the README. */
export const demoPeople: Readonly<Record<'amina' | 'juma' | 'wanjiru' | 'baraka', DemoPerson>> = {
  amina: { number: '+254700000001', name: 'Amina Otieno', pin: '73915', answer: 'Umoja Primary', balance: 500_000n },
  juma: { number: '+254700000002', name: 'Juma Kariuki', pin: '28461', answer: 'Nakuru East', balance: 120_000n },
  wanjiru: { number: '+254700000003', name: 'Wanjiru Mwangi', pin: '50927', answer: 'Kisumu Bay', balance: 8_000n },
  baraka: { number: '+254700000004', name: 'Baraka Odhiambo', pin: null, answer: 'Mombasa North', balance: 0n },
}

/** Nobody has this number. */
export const STRANGER = '+254700000009'

export const DEMO_QUESTION = 'Which was your first school?'
