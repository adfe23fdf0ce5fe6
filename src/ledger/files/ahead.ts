/** Work on up to `width` items at once, its results in the items' order: over a network, one after the other is mostly waiting. */
export async function* ahead<T, R>(items: AsyncIterable<T>, width: number, work: (item: T) => Promise<R>): AsyncIterable<R> {
  const begun: Promise<() => R>[] = []
  const begin = (item: T): Promise<() => R> =>
    work(item).then(
      (result) => () => result,
      (error: unknown) => () => {
        throw error
      },
    )
  for await (const item of items) {
    begun.push(begin(item))
    const [first] = begun
    if (begun.length < width || first === undefined) continue
    void begun.shift()
    yield (await first)()
  }
  for (const each of begun) yield (await each)()
}
