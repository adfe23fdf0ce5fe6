/**
 * Calls that come while an earlier one runs go together into the next: many small transactions become few larger ones under load, and none waits for
 * company without it. Where a batch of several fails, each of its calls is made alone, so that each has its own answer.
 */
export function batched<Item, Result>(run: (items: Item[]) => Promise<Result[]>, most = 64): (item: Item) => Promise<Result> {
  const waiting: { item: Item; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []
  let isRunning = false

  async function work(): Promise<void> {
    isRunning = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, most)
      try {
        const results = await run(batch.map(({ item }) => item))
        batch.forEach(({ resolve }, at) => resolve(results[at]!))
      } catch (error) {
        const [only] = batch
        if (batch.length === 1) only?.reject(error)
        else for (const { item, resolve, reject } of batch) await run([item]).then(([result]) => resolve(result!), reject)
      }
    }
    isRunning = false
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject })
      if (!isRunning) void work()
    })
}
