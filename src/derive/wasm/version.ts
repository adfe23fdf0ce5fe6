/**
 * Results are kept by this version. `outputs` is the digest of what the fixtures of `deriver.test.ts` give: where it changes, the version
 * goes up with it, or kept results would be taken for new ones.
 */
export const wasmFeatures = {
  version: '3',
  outputs: 'sha256:27bbd2a27c61b9ccf98d6b1b56ab569744af793af08856d22b6fc27323e4dc0e',
} as const
