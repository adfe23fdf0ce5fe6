/**
 * How often a domain ending is among the first 10,000 of a list of the time: Alexa's of 2018-10-03 (its first
 * 10,000 names; endings by the public suffix list, private ones included), counted once. What is rarer than 12 is `rest`.
 */
export const endingCounts: Readonly<Record<string, number>> = {
  com: 5267,
  net: 463,
  ru: 369,
  org: 316,
  de: 142,
  edu: 132,
  jp: 116,
  'com.br': 115,
  tv: 115,
  it: 109,
  fr: 104,
  me: 86,
  cn: 85,
  'co.jp': 71,
  in: 71,
  es: 70,
  ir: 70,
  'co.uk': 67,
  co: 64,
  pl: 63,
  gr: 60,
  info: 56,
  'com.tw': 55,
  ca: 54,
  gov: 52,
  'com.cn': 49,
  to: 47,
  cc: 46,
  io: 41,
  'gov.in': 39,
  'com.au': 38,
  'com.tr': 36,
  'co.kr': 35,
  cz: 34,
  ua: 31,
  se: 23,
  pt: 23,
  'co.in': 22,
  az: 22,
  biz: 22,
  'com.ar': 20,
  hu: 20,
  online: 19,
  ch: 19,
  sk: 19,
  vn: 19,
  no: 18,
  pro: 18,
  'com.mx': 17,
  'co.id': 17,
  site: 17,
  club: 17,
  'edu.cn': 16,
  be: 15,
  'ac.uk': 15,
  dk: 13,
  eu: 13,
  'edu.au': 13,
  'co.za': 12,
  cl: 12,
}
export const restCount = 991
/** What stands for the 352 rarer endings; `.fm` had 7 names. */
export const rareEndings = ['fm', 'nl', 'at', 'ro', 'bg', 'us', 'ws', 'la', 'kz', 'by', 'id', 'my', 'pk', 'ng', 'com.ua', 'gov.br'] as const

export interface Hosting {
  country: string
  /** From the ranges for documentation (RFC 5398). */
  asn: number
  organisation: string
  /** In proportion: they add up to 11,099. */
  count: number
  addresses: number
}

/**
 * Where sites are served from. The largest are those of the autonomous systems of Alexa's first 10,000 sites on 2019-04-21 (1,979 at 13335, which answers from
 * everywhere; 765, 591, 511, 380, 340 and 309 at the next, two of them to one here); the others are many there, and few here.
 * Countries are of registrations.
 */
export const hostings: readonly Hosting[] = [
  { country: 'US', asn: 64496, organisation: 'Lab Anycast (as Cloudflare)', count: 1979, addresses: 48 },
  { country: 'US', asn: 64497, organisation: 'Lab Cloud Inc.', count: 765 + 309, addresses: 60 },
  { country: 'US', asn: 64498, organisation: 'Lab Edge Inc.', count: 591 + 511, addresses: 50 },
  { country: 'US', asn: 64499, organisation: 'Lab Search Hosting', count: 380 + 340, addresses: 40 },
  { country: 'FR', asn: 64500, organisation: 'Labo Hébergement SAS', count: 700, addresses: 50 },
  { country: 'DE', asn: 64501, organisation: 'Laborhosting GmbH', count: 900, addresses: 60 },
  { country: 'NL', asn: 64502, organisation: 'Lab Transit B.V.', count: 600, addresses: 40 },
  { country: 'RU', asn: 64503, organisation: 'Lab Telecom', count: 700, addresses: 50 },
  { country: 'CN', asn: 64504, organisation: 'Lab Yun', count: 800, addresses: 50 },
  { country: 'JP', asn: 64505, organisation: 'Lab Internet KK', count: 550, addresses: 40 },
  { country: 'GB', asn: 64506, organisation: 'Lab Servers Ltd', count: 400, addresses: 30 },
  { country: 'BR', asn: 64507, organisation: 'Lab Hospedagem', count: 400, addresses: 30 },
  { country: 'US', asn: 64508, organisation: 'Lab Shared Hosting LLC', count: 1174, addresses: 40 },
]
