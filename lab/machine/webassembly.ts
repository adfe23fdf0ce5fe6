/** Of the engine's own WebAssembly what the lab uses; Node's types leave it to the DOM's. */
interface Engine {
  Module: { new (bytes: Uint8Array): object; imports(module: object): { module: string; name: string; kind: string }[] }
  Instance: new (module: object, imports?: Record<string, Record<string, unknown>>) => { exports: Record<string, unknown> }
  validate(bytes: Uint8Array): boolean
  Memory: new (o: { initial: number }) => { buffer: ArrayBuffer }
}

export const engine = (globalThis as unknown as { WebAssembly: Engine }).WebAssembly
