/** Where a URL of http, https, ws or wss connects to: its own port, or its scheme's (RFC 9110, 4.2; RFC 6455, 3). */
export function portOf({ port, protocol }: Pick<URL, 'port' | 'protocol'>): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' || protocol === 'wss:' ? 443 : 80
}
