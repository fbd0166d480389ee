/**
 * National language tables of the GSM 7-bit alphabet (3GPP TS 23.038 annex A). A single shift table stands in the place of the
 * extension table: its characters take an escape, two septets. A locking shift table stands in the place of the default alphabet.
 */
export type NationalTable = 'turkish' | 'spanish' | 'portuguese'

export type NationalLanguage = {
  /** What the header's elements 0x24 (single) and 0x25 (locking) carry (TS 23.038 §6.2.1.2.4). */
  readonly identifier: number
  /** By the septet after the escape (A.2). */
  readonly single: Readonly<Record<number, string>>
  /** 128 characters, the escape's place held by U+001B (A.3); null: the language has none. */
  readonly locking: string | null
}

/** The default extension table (§6.2.1.1), by the septet after the escape; every single shift table begins with it. */
export const extensionTable: Readonly<Record<number, string>> = {
  ...{ 10: '\f', 20: '^', 40: '{', 41: '}', 47: '\\', 60: '[', 61: '~', 62: ']', 64: '|' },
  101: '€',
}

export const nationalLanguages: Readonly<Record<NationalTable, NationalLanguage>> = {
  turkish: {
    identifier: 1,
    single: { ...extensionTable, 71: 'Ğ', 73: 'İ', 83: 'Ş', 99: 'ç', 103: 'ğ', 105: 'ı', 115: 'ş' },
    locking: [
      '@£$¥€éùıòÇ\nĞğ\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u001bŞşßÉ',
      ' !"#¤%&\'()*+,-./0123456789:;<=>?',
      'İABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§',
      'çabcdefghijklmnopqrstuvwxyzäöñüà',
    ].join(''),
  },
  spanish: {
    identifier: 2,
    single: {
      ...{ ...extensionTable, 9: 'ç', 65: 'Á', 73: 'Í', 79: 'Ó', 85: 'Ú' },
      ...{ 97: 'á', 105: 'í', 111: 'ó', 117: 'ú' },
    },
    locking: null,
  },
  portuguese: {
    identifier: 3,
    single: {
      ...{ ...extensionTable, 5: 'ê', 9: 'ç', 11: 'Ô', 12: 'ô', 14: 'Á', 15: 'á', 31: 'Ê' },
      ...{ 18: 'Φ', 19: 'Γ', 21: 'Ω', 22: 'Π', 23: 'Ψ', 24: 'Σ', 25: 'Θ' },
      ...{ 65: 'À', 73: 'Í', 79: 'Ó', 85: 'Ú', 91: 'Ã', 92: 'Õ' },
      ...{ 97: 'Â', 105: 'í', 111: 'ó', 117: 'ú', 123: 'ã', 124: 'õ', 127: 'â' },
    },
    locking: [
      '@£$¥êéúíóç\nÔô\rÁáΔ_ªÇÀ∞^\\€Ó|\u001bÂâÊÉ',
      ' !"#º%&\'()*+,-./0123456789:;<=>?',
      'ÍABCDEFGHIJKLMNOPQRSTUVWXYZÃÕÚÜ§',
      '~abcdefghijklmnopqrstuvwxyzãõ`üà',
    ].join(''),
  },
}

/** The language that a header's element names; null: none that we know, and the default table is to be used (TS 23.038 §6.2.1.2.4). */
export function nationalTableOf(identifier: number): NationalTable | null {
  return NAMES.find((name) => nationalLanguages[name].identifier === identifier) ?? null
}

const NAMES: readonly NationalTable[] = ['turkish', 'spanish', 'portuguese']
