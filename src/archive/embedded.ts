/** Names under which a capture of ours and its octets stand in a WARC; see `docs/capture-format.md`. */
export const capturePrefix = 'urn:assay:capture:'
export const blobPrefix = 'urn:assay:blob:'
export const captureMediaType = 'application/vnd.assay.capture+json'
