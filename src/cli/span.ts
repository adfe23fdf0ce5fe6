import { Option } from 'commander'
import { parseSpan } from '#app/crawl-policy.ts'

/** An option such as `--older-than 90d` → milliseconds; 0 is a span too. */
export function spanOption(flags: string, description: string, standard: string): Option {
  return new Option(flags, description).argParser(span).default(span(standard), standard)
}

const span = (text: string): number => (text.trim() === '0' ? 0 : parseSpan(text))
