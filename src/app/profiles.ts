/** How long a visit looks: milliseconds after loading. */
export const profiles = {
  quick: { dwellMs: 4_000 },
  standard: { dwellMs: 8_000 },
  thorough: { dwellMs: 25_000 },
} as const

export type ProfileName = keyof typeof profiles
