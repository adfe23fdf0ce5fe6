/**
 * Results are kept by this version. `outputs` is the digest of what the fixtures of `deriver.test.ts` give: where it changes, the version
 * goes up with it, or kept results would be taken for new ones.
 */
export const wasmFeatures = {
  version: '2',
  outputs: 'sha256:4042a089fff477b864bfb56880ca68cf649766965d202c51a1a3940769b589d5',
} as const
