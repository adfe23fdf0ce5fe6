/**
 * A wallet that is there, shows no account, and declines whatever it is asked (EIP-1193, EIP-6963; `solana` and `tronLink` in their least
 * form). It signs nothing and reaches nothing: what needs a node fails as with a wallet whose node does not answer. In documents of sites
 * only, as an extension's. Error codes: EIP-1193 (4001 the user declined, 4100, 4200, -32601 … of EIP-1474).
 */
export const walletHook = `(report, place) => {
  if (place !== 'document' || !/^https?:$/.test(location.protocol)) return
  const { stringify } = JSON
  const later = setTimeout
  const now = performance.now.bind(performance)
  const NativeError = Error
  const Later = Promise
  const dispatch = dispatchEvent.bind(globalThis)
  const listen = addEventListener.bind(globalThis)
  const NativeEvent = Event, Custom = CustomEvent
  const text = (value) => { try { return String(stringify(value)).slice(0, 2000) } catch { return String(value).slice(0, 2000) } }
  const note = (wallet, method, params) => { try { report({ wallet, method: String(method).slice(0, 100), params: params === undefined ? '' : text(params), stack: String(new NativeError().stack).slice(0, 4000) }) } catch {} }
  const failed = (code, message) => { const error = new NativeError(message); error.code = code; error.stack = 'Error: ' + message; return error }
  const soon = (ms, value) => new Later((resolve) => later(resolve, ms, value))
  const refused = (ms, code, message) => new Later((_, reject) => later(() => reject(failed(code, message)), ms))
  // As long as a person needs who reads and says no.
  const declined = () => refused(1100 + (now() % 700), 4001, 'User rejected the request.')

  const emitter = () => {
    const listeners = new Map()
    const on = function (name, listener) { listeners.set(name, [...(listeners.get(name) || []), listener]); return this }
    const off = function (name, listener) { listeners.set(name, (listeners.get(name) || []).filter((each) => each !== listener)); return this }
    return { on, addListener: on, once: on, off, removeListener: off, removeAllListeners: function () { listeners.clear(); return this } }
  }

  const answers = { eth_chainId: '0x1', net_version: '1', eth_accounts: [], wallet_getPermissions: [], web3_clientVersion: 'MetaMask/v12.20.1',
    eth_coinbase: null, metamask_getProviderState: { accounts: [], chainId: '0x1', isUnlocked: true, networkVersion: '1' } }
  const asks = /^(eth_requestAccounts|eth_sendTransaction|eth_sendRawTransaction|eth_sign\\w*|personal_sign|personal_ecRecover|eth_decrypt|eth_getEncryptionPublicKey|wallet_\\w+)$/
  const ask = (wallet, method, params) => {
    note(wallet, method, params)
    if (Object.hasOwn(answers, method)) return soon(5, answers[method])
    if (asks.test(method)) return declined()
    if (/^(eth|net|web3)_/.test(method)) return refused(400, -32603, 'Internal JSON-RPC error.')
    return refused(5, -32601, 'The method "' + method + '" does not exist / is not available.')
  }
  const request = (args) => args && typeof args === 'object' && typeof args.method === 'string' && args.method !== ''
    ? ask('ethereum', args.method, args.params)
    : refused(0, -32600, 'Expected a single, non-array, object argument.')
  const legacy = (payload, callback) => {
    const reply = (members) => ({ id: payload && payload.id, jsonrpc: '2.0', ...members })
    request(payload).then((result) => callback(null, reply({ result })), (error) => callback(error, reply({ error: { code: error.code, message: error.message } })))
  }
  const ethereum = { isMetaMask: true, chainId: '0x1', networkVersion: '1', selectedAddress: null, ...emitter(),
    isConnected: () => true, request, enable: () => request({ method: 'eth_requestAccounts' }), sendAsync: legacy,
    send: (method, params) => typeof method === 'string' ? request({ method, params }) : typeof params === 'function' ? legacy(method, params) : request(method),
    _metamask: { isUnlocked: () => soon(5, true), requestBatch: () => refused(5, 4200, 'Unsupported method.') } }
  globalThis.ethereum = ethereum
  const info = Object.freeze({ uuid: crypto.randomUUID ? crypto.randomUUID() : '6b1f2c3a-7d0e-4f5b-8a9c-0d1e2f3a4b5c', name: 'MetaMask', rdns: 'io.metamask',
    icon: 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"/>' })
  const announce = () => dispatch(new Custom('eip6963:announceProvider', { detail: Object.freeze({ info, provider: ethereum }) }))
  listen('eip6963:requestProvider', announce)
  announce()
  dispatch(new NativeEvent('ethereum#initialized'))

  const declines = (wallet, method) => (...params) => { note(wallet, method, params); return declined() }
  const solana = { isPhantom: true, publicKey: null, isConnected: false, ...emitter(),
    connect: (options) => { note('solana', 'connect', options); return options && options.onlyIfTrusted ? refused(5, 4001, 'User rejected the request.') : declined() },
    disconnect: () => soon(5),
    request: (args) => { note('solana', args && args.method, args && args.params); return declined() } }
  for (const method of ['signMessage', 'signTransaction', 'signAllTransactions', 'signAndSendTransaction', 'signIn']) solana[method] = declines('solana', method)
  globalThis.solana = solana
  globalThis.phantom = { solana }

  const tronRequest = (args) => { note('tron', args && args.method, args && args.params); return soon(1300, { code: 4001, message: 'User rejected the request.' }) }
  const tronWeb = { ready: false, defaultAddress: { name: false, hex: false, base58: false }, request: tronRequest,
    trx: { sign: declines('tron', 'trx.sign'), signMessageV2: declines('tron', 'trx.signMessageV2'), sendTransaction: declines('tron', 'trx.sendTransaction') } }
  globalThis.tronWeb = tronWeb
  globalThis.tronLink = { ready: false, tronWeb, request: tronRequest }
}`
