import thirdPartyWeb from 'third-party-web'
import type { FrameArtifact } from '#model/artifact.ts'
import { hostOfUrl } from './party.ts'

/** Names that ad systems give to the frames that they make, whatever host serves them. */
const adNames =
  /^(google_ads_(iframe|frame)|aswift_\d|ad_iframe|adnxs|amzn?_?ad|apstag|pubmatic|criteo|taboola|outbrain|prebid|sf_?ad|safeframe|gpt-?ad|dfp|ads?[-_](frame|slot|unit|iframe|banner))/i

/** Sizes of display advertisements in CSS pixels: https://www.iab.com/guidelines/iab-new-ad-portfolio/ and its predecessor. */
const sizes: ReadonlySet<string> = new Set(
  '300x250 336x280 728x90 970x90 970x250 468x60 234x60 160x600 120x600 300x600 300x1050 320x50 320x100 300x50 300x100 180x150 250x250 200x200'.split(
    ' ',
  ),
)

/** First labels that people give to hosts that serve advertisements. */
const adLabel = /^(ads?|adserv(e|er|ice|ing)?|adx|adnet(work)?|adsystem|banners?|doubleclick|creatives?|sponsor(ed)?)(?![a-z])/i

/** Why a frame is an advertisement's, as a sentence; null where nothing says so. A size alone says nothing: widgets have it too. */
export function adReason(frame: Pick<FrameArtifact, 'ad' | 'name' | 'url' | 'box'>): string | null {
  if (frame.ad !== undefined) return frame.ad
  if (frame.name !== undefined && adNames.test(frame.name))
    return `the frame is called ${frame.name.slice(0, 80)}, as ad systems call theirs`
  const host = hostOfUrl(frame.url)
  const entity = host === '' ? undefined : thirdPartyWeb.getEntity(`https://${host}`)
  if (entity?.categories.includes('ad')) return `${host} belongs to the ad system ${entity.name}`
  const size = frame.box === undefined ? '' : `${Math.round(frame.box.width)}x${Math.round(frame.box.height)}`
  return sizes.has(size) && adLabel.test(host) ? `${host} shows a frame of an advertisement's size, ${size}` : null
}
