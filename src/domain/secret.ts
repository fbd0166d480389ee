/**
 * A value that must never be written down: a PIN, a one-time code, an answer to an identity question.
 * Serialising or interpolating it yields `[secret]`, and `util.inspect` does not look into private fields; only `reveal` gives the characters.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  reveal(): string {
    return this.#value
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }
}
