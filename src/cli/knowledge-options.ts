import { delimiter } from 'node:path'
import type { Command } from 'commander'
import type { KnowledgeRequest } from '#app/knowledge.ts'
import { repeated } from './options.ts'

export interface KnowledgeFlags {
  signatures: string[]
  blockList: string[]
}

export function knowledgeOptions(command: Command): Command {
  return command
    .option('--signatures <dir>', 'signatures of your own, beside ours (also ASSAY_SIGNATURES); may be given again', repeated, [])
    .option(
      '--block-list <file>',
      'hosts file, domains or Adblock syntax: weak evidence, moves no status; may be given again',
      repeated,
      [],
    )
}

export function knowledgeOf({ signatures, blockList }: KnowledgeFlags): KnowledgeRequest {
  return { signatures: [...signatures, ...signaturesFromEnvironment()], blockLists: blockList }
}

/** ASSAY_SIGNATURES: folders, separated as in PATH. */
export function signaturesFromEnvironment(): string[] {
  return (process.env['ASSAY_SIGNATURES'] ?? '').split(delimiter).filter((folder) => folder !== '')
}
