import type { Protocol } from 'devtools-protocol/types/protocol.d.ts'

/**
 * What `navigator.userAgentData` and the Sec-CH-UA headers say beside a user agent string (User-Agent Client Hints, WICG).
 * Overriding the string alone leaves them empty, which no visitor's browser has. Undefined for browsers that have none (Firefox, Safari).
 */
export function clientHints(userAgent: string, product: string): Protocol.Emulation.UserAgentMetadata | undefined {
  const chrome = /\bChrome\/(\d+)[\d.]*/.exec(userAgent)
  const major = chrome?.[1]
  if (major === undefined) return undefined
  const real = /(\d+)(\.[\d.]+)/.exec(product)
  const full = real?.[1] === major ? `${major}${real[2]}` : `${major}.0.0.0`
  const brand = /\bEdg\//.test(userAgent) ? 'Microsoft Edge' : /\bOPR\//.test(userAgent) ? 'Opera' : 'Google Chrome'
  const { platform, platformVersion, model } = platformOf(userAgent)
  return {
    brands: brandList(Number(major), brand, major, false),
    fullVersionList: brandList(Number(major), brand, full, true),
    fullVersion: full,
    platform,
    platformVersion,
    architecture: platform === 'Android' ? '' : 'x86',
    bitness: platform === 'Android' ? '' : '64',
    model,
    mobile: /\bMobile\b/.test(userAgent),
    wow64: false,
  }
}

/** Order and filler follow from the major version: components/embedder_support/user_agent_utils.cc of Chromium ("GREASE"). */
function brandList(seed: number, brand: string, version: string, isFull: boolean): Protocol.Emulation.UserAgentBrandVersion[] {
  const filler = [' ', '(', ':', '-', '.', '/', ')', ';', '=', '?', '_']
  const fillerVersions = ['8', '99', '24']
  const orders = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
  ] as const
  const order = orders[seed % orders.length] ?? orders[0]
  const fillerVersion = fillerVersions[seed % fillerVersions.length] ?? '8'
  const list: Protocol.Emulation.UserAgentBrandVersion[] = []
  list[order[0]] = {
    brand: `Not${filler[seed % 11]}A${filler[(seed + 1) % 11]}Brand`,
    version: isFull ? `${fillerVersion}.0.0.0` : fillerVersion,
  }
  list[order[1]] = { brand: 'Chromium', version }
  list[order[2]] = { brand, version }
  return list
}

function platformOf(userAgent: string): { platform: string; platformVersion: string; model: string } {
  const android = /Android (\d+)[^;)]*(?:; ([^;)]+))?/.exec(userAgent)
  if (android) return { platform: 'Android', platformVersion: `${android[1]}.0.0`, model: android[2]?.replace(/ Build\/.*$/, '') ?? '' }
  if (/Windows/.test(userAgent)) return { platform: 'Windows', platformVersion: '15.0.0', model: '' }
  if (/Mac OS X/.test(userAgent)) return { platform: 'macOS', platformVersion: '15.1.0', model: '' }
  return { platform: 'Linux', platformVersion: '6.8.0', model: '' }
}
