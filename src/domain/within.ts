/** What `work` resolves to, or `late` once that much time has passed; the work goes on. */
export function within<T>(timeoutMs: number, work: Promise<T>): Promise<T | 'late'> {
  // Not by `Promise.race`, which makes five promises where one will do: a hop waits so two or three times.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve('late'), timeoutMs)
    work.then(
      (result) => {
        clearTimeout(timer)
        resolve(result)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}
