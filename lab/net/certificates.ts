import 'reflect-metadata'
import { createHash, webcrypto } from 'node:crypto'
import { type SecureContext, createSecureContext } from 'node:tls'
import * as x509 from '@peculiar/x509'
import { getDomain } from 'tldts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

/** An authority of the lab's own. All of its leaves carry one key, so that a browser can be told to trust that key alone. */
export interface Authority {
  pem: string
  /** base64 SHA-256 of the leaves' public key. */
  spki: string
  /** A certificate for the registrable domain of this name, or for the name of a stranger with a strange key. */
  contextFor(servername: string): Promise<SecureContext>
  strangerContext(): Promise<SecureContext>
}

export async function createAuthority(): Promise<Authority> {
  x509.cryptoProvider.set(webcrypto)
  const keys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const [authorityKeys, leafKeys] = [await keys(), await keys()]
  const notBefore = new Date(Date.now() - 30 * 86_400_000)
  const notAfter = new Date(Date.now() + 300 * 86_400_000)
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Lab authority, O=Assay lab',
    notBefore,
    notAfter,
    signingAlgorithm: algorithm,
    keys: authorityKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 1, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  })
  let serial = 16
  const leaf = async (names: string[], pair: webcrypto.CryptoKeyPair): Promise<SecureContext> => {
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: (serial++).toString(16).padStart(4, '0'),
      subject: `CN=${names[0]}`,
      issuer: authority.subject,
      notBefore,
      notAfter,
      signingAlgorithm: algorithm,
      publicKey: pair.publicKey,
      signingKey: authorityKeys.privateKey,
      extensions: [
        new x509.SubjectAlternativeNameExtension(
          names.map((value) => ({ type: /^[\d.]+$/.test(value) ? ('ip' as const) : ('dns' as const), value })),
        ),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      ],
    })
    return createSecureContext({
      key: pemOf('PRIVATE KEY', await webcrypto.subtle.exportKey('pkcs8', pair.privateKey)),
      cert: `${certificate.toString('pem')}\n${authority.toString('pem')}`,
    })
  }
  const contexts = new Map<string, Promise<SecureContext>>()
  const cached = (key: string, make: () => Promise<SecureContext>): Promise<SecureContext> => {
    let context = contexts.get(key)
    if (context === undefined) {
      context = make()
      contexts.set(key, context)
    }
    return context
  }
  return {
    pem: authority.toString('pem'),
    spki: createHash('sha256')
      .update(Buffer.from(await webcrypto.subtle.exportKey('spki', leafKeys.publicKey)))
      .digest('base64'),
    contextFor: (servername) => {
      const domain = getDomain(servername, { allowPrivateDomains: true }) ?? servername
      // A name deeper than one label below the domain is not matched by the wildcard.
      const names = servername.split('.').length > domain.split('.').length + 1 ? [servername, domain] : [domain, `*.${domain}`]
      return cached(names.join(' '), () => leaf(names, leafKeys))
    },
    strangerContext: () => cached('stranger', async () => leaf(['somewhere-else.example'], await keys())),
  }
}

function pemOf(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
