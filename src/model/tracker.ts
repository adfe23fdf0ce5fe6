/** Services that tell their customers apart by an identifier which stands in the page, and controls that ask whether a visitor is a person. */
export const trackerKinds = [
  'google-analytics',
  'google-tag-manager',
  'google-adsense',
  'google-ads',
  'meta-pixel',
  'yandex-metrica',
  'matomo',
  'hotjar',
  'clarity',
  'bing-ads',
  'tiktok-pixel',
  'linkedin-insight',
  'pinterest-tag',
  'mail-ru-top',
  'histats',
  'liveinternet',
  'statcounter',
  'baidu-tongji',
  'cnzz',
  '51la',
  'cloudflare-analytics',
  'tawk-to',
  'recaptcha',
  'hcaptcha',
  'turnstile',
] as const

export type TrackerKind = (typeof trackerKinds)[number]

/** An account, property, container or key at such a service: who shares one has one hand behind it, or one template. */
export interface TrackerId {
  kind: TrackerKind
  id: string
}

/** With the artifact that shows it: the first one, where several do. */
export interface Tracker extends TrackerId {
  artifact: string
}
