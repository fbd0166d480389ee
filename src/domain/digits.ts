/**
 * Maps the decimal digits of every script (Unicode category Nd) to ASCII, so that `٥٠٠` typed on an Arabic key pad is 500.
 * Anything else is left as it is.
 */
export function toAsciiDigits(text: string): string {
  return text.replace(/(?![0-9])\p{Nd}/gu, (digit) => String(digitValue(digit.codePointAt(0) ?? 0)))
}

/** Nd characters come in runs of ten from 0 to 9 (Unicode §4.6), so the value is the distance from the run's start. */
function digitValue(codePoint: number): number {
  let start = codePoint
  while (codePoint - start < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(start - 1))) start -= 1
  return (codePoint - start) % 10
}
