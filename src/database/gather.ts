import type { Queryable } from './database.ts'

/**
 * Turns a function that answers many questions at once into one that answers a single question: the questions of one turn of the
 * event loop, at most `most`, travel together. A lone question does not wait for others; where the many fail, each is asked alone, so
 * that one bad question fails nobody else. While `atOnce` journeys are under way, questions wait and gather.
 */
export function gather<Question, Answer>(
  answerAll: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  most: number,
  atOnce: number = Number.POSITIVE_INFINITY,
): (question: Question) => Promise<Answer> {
  type Waiting = { question: Question; resolve: (answer: Answer) => void; reject: (error: unknown) => void }
  let waiting: Waiting[] = []
  let underWay = 0

  function flush(): void {
    while (waiting.length > 0 && underWay < atOnce) {
      const asked = waiting.slice(0, most)
      waiting = waiting.slice(most)
      underWay += 1
      void ask(asked).then(() => {
        underWay -= 1
        flush()
      })
    }
  }

  async function ask(asked: readonly Waiting[]): Promise<void> {
    try {
      const answers = await answerAll(asked.map(({ question }) => question))
      for (const [index, { resolve, reject }] of asked.entries()) {
        const answer = answers[index]
        if (index in answers) resolve(answer as Answer)
        else reject(new Error('a question was not answered'))
      }
    } catch (error) {
      if (asked.length > 1) await Promise.all(asked.map((one) => ask([one])))
      else for (const { reject } of asked) reject(error)
    }
  }

  return (question) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ question, resolve, reject }) === 1) setImmediate(flush)
    })
}

/** `gather` for statements: what is asked of one database travels together, whoever asks. */
export function gatherByDatabase<Question, Answer>(
  answerAll: (database: Queryable, questions: readonly Question[]) => Promise<readonly Answer[]>,
  most: number,
  atOnce: number,
): (database: Queryable, question: Question) => Promise<Answer> {
  const askers = new WeakMap<Queryable, (question: Question) => Promise<Answer>>()
  return (database, question) => {
    const known = askers.get(database)
    if (known !== undefined) return known(question)
    const ask = gather<Question, Answer>((questions) => answerAll(database, questions), most, atOnce)
    askers.set(database, ask)
    return ask(question)
  }
}
