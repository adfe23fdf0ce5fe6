/** The isolated world of ours in a document: one for all who need one, because each costs the page's process milliseconds. */
export const ownWorldName = 'assay'
