/** A request as block lists judge it. */
export interface ListedRequest {
  url: string
  /** The page that asks. */
  source: string
  type: 'document' | 'script' | 'sub_frame' | 'websocket' | 'xhr' | 'image' | 'other'
}

export interface ListEntry {
  /** Name of the list, as its file is called. */
  list: string
  /** The entry as it stands there. */
  entry: string
  /** From 1; null where it could not be told. */
  line: number | null
}

/** Lists of others that the operator named. What one says is weak: it says that somebody wrote a name down, not that anything mined. */
export interface BlockLists {
  /** Over all lists: a part of the judgement's version. */
  readonly digest: string
  readonly names: readonly string[]
  /** First entry of each list that names the request, exceptions of the list heeded. */
  match(request: ListedRequest): ListEntry[]
}
