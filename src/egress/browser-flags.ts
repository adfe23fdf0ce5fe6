/** For `Target.createBrowserContext`: without it Chromium goes to loopback addresses past the proxy. */
export const proxyBypassList = '<-loopback>'

/** A port where nobody listens: traffic of the browser itself, outside every visit's context, ends here. */
const nowhere = 'http://127.0.0.1:9'

/**
 * Flags that leave Chromium no way out but the proxy. Tried with Chromium 156 in test/guard/.
 * `proxy` serves the browser's default context; every visit's own proxy is given to its BrowserContext.
 */
export function browserEgressFlags(proxy: string = nowhere): string[] {
  return [
    `--proxy-server=${proxy}`,
    `--proxy-bypass-list=${proxyBypassList}`,
    // The browser never resolves a name: also no prefetch, no DNS over HTTPS, no probe for an intercepting resolver.
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    '--dns-prefetch-disable',
    // UDP would go past the proxy: WebRTC without UDP keeps to TCP through the proxy; HTTP/3 and WebTransport need QUIC.
    '--webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
    '--disable-quic',
    // What the browser would send on its own account.
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-component-extensions-with-background-pages',
    '--disable-default-apps',
    '--disable-domain-reliability',
    '--disable-sync',
    '--disable-client-side-phishing-detection',
    '--safebrowsing-disable-auto-update',
    '--no-pings',
    '--no-first-run',
    '--no-default-browser-check',
    '--metrics-recording-only',
    '--disable-breakpad',
  ]
}

/** For the one `--disable-features` list of the command line (a second one would replace the first). */
export const egressDisabledFeatures: readonly string[] = [
  'AsyncDns',
  'DnsOverHttps',
  'DnsOverHttpsUpgrade',
  'MediaRouter',
  'DialMediaRouteProvider',
  'CastMediaRouteProvider',
  'OptimizationHints',
  'OptimizationGuideModelDownloading',
  'InterestFeedContentSuggestions',
  'CertificateTransparencyComponentUpdater',
  'NetworkTimeServiceQuerying',
  'AutofillServerCommunication',
  'PreconnectToSearch',
  'NetworkPrediction',
]
