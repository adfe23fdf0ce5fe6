/** The package's own declarations are not reachable through its export map. */
declare module 'har-validator-compiled' {
  /** Throws where the value is not of that HAR type. */
  export const validate: (schema: string, value: unknown) => boolean
}
