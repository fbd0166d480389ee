/** The most short messages that one text may take, by the alphabet that it needs. */
export type SegmentLimit = { readonly gsm7: number; readonly ucs2: number }

/** More are dear, and some phones show them one by one; a script outside GSM-7 has 67 characters in each where others have 153. */
export const usualSegments: SegmentLimit = { gsm7: 2, ucs2: 3 }
