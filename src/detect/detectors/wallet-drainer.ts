import type { WalletArtifact } from '#model/artifact.ts'
import { defineDetector, evidence } from '../contract.ts'

/**
 * First four octets of what a transaction calls: functions that let somebody else take tokens (ERC-20, 721, 1155, 2612, Permit2).
 * https://eips.ethereum.org/EIPS/eip-20, -721, -2612; https://github.com/Uniswap/permit2
 */
const takings: Readonly<Record<string, string>> = {
  '095ea7b3': 'approve',
  '39509351': 'increaseAllowance',
  a22cb465: 'setApprovalForAll',
  d505accf: 'permit',
  '87517c45': 'approve of Permit2',
  '2b67b570': 'permit of Permit2',
  '30f28b7a': 'permitTransferFrom',
  a9059cbb: 'transfer',
  '23b872dd': 'transferFrom',
  '42842e0e': 'safeTransferFrom',
  f242432a: 'safeTransferFrom',
}

/** Types of signatures that are as good as a payment: EIP-2612, DAI, Permit2, and a seller's order. */
const signedTakings: ReadonlySet<string> = new Set([
  'Permit',
  'PermitSingle',
  'PermitBatch',
  'PermitTransferFrom',
  'PermitBatchTransferFrom',
  'PermitWitnessTransferFrom',
  'OrderComponents',
  'MetaTransaction',
])

/** Such a request is made when the visitor has pressed "swap" or "mint". A visit presses nothing of the kind: it is unasked however late it comes, and at once it is a drainer's. */
export const detector = defineDetector({
  meta: {
    id: 'wallet-drainer',
    version: '1',
    title: 'Unasked requests for a wallet’s contents',
    kinds: ['drainer'],
    limits:
      'Sees what a page asks of a wallet that shows no account and declines: a page that stops at the first refusal shows its hand no more. Asking to connect, however often, says nothing.',
  },
  needs: { artifacts: ['wallet'], features: [] },
  hiddenBy: [],
  detect(input) {
    const asked = input.artifacts.wallet.items
    const wanted = asked.flatMap((item) => {
      const what = takingOf(item)
      return what === null ? [] : [{ item, what }]
    })
    const [first] = wanted
    if (first === undefined) return []
    const connected = asked.find(({ method, atMs }) => connects.test(method) && atMs <= first.item.atMs)
    const when =
      connected === undefined
        ? 'without having asked to connect'
        : `${seconds(first.item.atMs - connected.atMs)} after it asked to connect, which was declined`
    return [
      {
        detector: 'wallet-drainer',
        kind: 'drainer',
        weight: 'context',
        family: null,
        service: null,
        account: null,
        title: 'Asks a wallet for what it holds, unasked',
        evidence: wanted
          .slice(0, 6)
          .map(({ item, what }, at) =>
            evidence(
              input,
              item.id,
              `${Math.round(item.atMs)} ms`,
              `asked for ${what}${at === 0 ? ` ${when}` : ''}; a visit presses no button that offers it`,
            ),
          ),
      },
    ]
  },
})

const connects = /^(?:ethereum: (?:eth_requestAccounts|wallet_requestPermissions)|solana: connect|tron: tron_requestAccounts)$/
const seconds = (ms: number): string => `${Math.round(ms / 100) / 10} s`

function takingOf({ method, params }: WalletArtifact): string | null {
  const [wallet = '', name = ''] = method.split(': ')
  if (wallet === 'solana')
    return /^sign(?:All)?Transactions?$|^signAndSendTransaction$/.test(name) ? `a signature on a transaction (${name})` : null
  if (wallet === 'tron') return name === 'trx.sign' && takesOnTron(params) ? 'a signature on a transfer of tokens (trx.sign)' : null
  switch (name) {
    case 'eth_sendTransaction':
    case 'wallet_sendCalls':
      return transactionTaking(params)
    case 'eth_signTypedData_v3':
    case 'eth_signTypedData_v4': {
      const type = primaryTypeOf(params)
      return type !== null && signedTakings.has(type) ? `a signature of the type ${type}, which lets another take tokens` : null
    }
    case 'eth_sign':
      // The signature of a bare digest: of a transaction that nobody was shown.
      return /"0x[0-9a-f]{64}"/i.test(params) ? 'a signature on a bare digest (eth_sign), which may be any transaction' : null
    default:
      return null
  }
}

/** The parameters were cut at 2,000 characters: what is whole is parsed, else the member is read where it stands. */
function transactionTaking(params: string): string | null {
  for (const [, data = ''] of params.matchAll(/"(?:data|input)":"(0x[0-9a-f]*)/gi)) {
    const name = takings[data.slice(2, 10).toLowerCase()]
    if (name !== undefined) return `a transaction that calls ${name}${/f{48}/i.test(data) ? ' without a limit' : ''}`
  }
  // Coins themselves: a sum in a transaction without a call.
  const [, value] = /"value":"(0x[0-9a-f]+)"/i.exec(params) ?? []
  return value !== undefined && BigInt(value) > 0n ? 'a payment of coins (eth_sendTransaction)' : null
}

function primaryTypeOf(params: string): string | null {
  return /\\?"primaryType\\?":\s*\\?"(\w{1,60})\\?"/.exec(params)?.[1] ?? null
}

const takesOnTron = (params: string): boolean =>
  /"(?:TriggerSmartContract|TransferContract|TransferAssetContract|AccountPermissionUpdateContract)"/.test(params)
