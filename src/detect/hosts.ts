/** Whether a host is one of these names or below one of them. Compared as hosts, never as text. */
export function isWithin(host: string, parents: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  return parents.some((parent) => name.endsWith(parent) && (name.length === parent.length || name.at(-parent.length - 1) === '.'))
}

export function hostOf(url: string, base?: string): string {
  return URL.parse(url, base)?.hostname ?? ''
}
