/**
 * Turns a function that answers many questions at once into one that answers a single question: the questions of one turn of the
 * event loop, at most `most`, travel together. A lone question does not wait for others; where the many fail, each is asked alone, so
 * that one bad question fails nobody else.
 */
export function gather<Question, Answer>(
  answerAll: (questions: readonly Question[]) => Promise<readonly Answer[]>,
  most: number,
): (question: Question) => Promise<Answer> {
  type Waiting = { question: Question; resolve: (answer: Answer) => void; reject: (error: unknown) => void }
  let waiting: Waiting[] = []

  function flush(): void {
    const all = waiting
    waiting = []
    for (let from = 0; from < all.length; from += most) void ask(all.slice(from, from + most))
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
      if (asked.length > 1) for (const one of asked) void ask([one])
      else for (const { reject } of asked) reject(error)
    }
  }

  return (question) =>
    new Promise((resolve, reject) => {
      if (waiting.push({ question, resolve, reject }) === 1) setImmediate(flush)
    })
}
