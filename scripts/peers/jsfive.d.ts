declare module 'jsfive' {
  export interface Group {
    keys: string[]
    get(path: string): Group | Dataset
  }
  export interface Dataset {
    value: ArrayLike<number>
    shape: number[]
  }
  export class File implements Group {
    constructor(bytes: ArrayBuffer, name: string)
    keys: string[]
    get(path: string): Group | Dataset
  }
}
