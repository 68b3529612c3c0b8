import { generateKeyPair, randomBytes, type X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import forge from 'node-forge';

/** A certificate and its key, both in PEM form. The key is never to be logged. */
export interface KeyedCertificate {
  certificate: string;
  key: string;
}

/** Clocks of machines differ: a certificate is valid from so long before it is made on, in ms. */
const BACKDATED_MS = 10 * 60_000;

const RSA_BITS = 2048;

/** Makes an authority of its own. @param now ms since 1970 */
export async function makeAuthority(now: number, validMs: number): Promise<KeyedCertificate> {
  const { certificate, privateKey, key } = await unsigned(now, validMs);
  // Each has a name of its own, so that who trusts two of them finds the right one.
  const name = [{ name: 'commonName', value: `taz authority ${certificate.serialNumber.slice(0, 8)}` }];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: true, pathLenConstraint: 0, critical: true },
    { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(privateKey, forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key };
}

/** Makes a certificate of a server, signed by an authority. @param hosts its names and addresses, at least one */
export async function makeServing(
  authority: KeyedCertificate,
  hosts: readonly string[],
  now: number,
  validMs: number,
): Promise<KeyedCertificate> {
  const issuer = forge.pki.certificateFromPem(authority.certificate);
  const { certificate, key } = await unsigned(now, validMs);
  certificate.setSubject([{ name: 'commonName', value: 'taz coordinator' }]);
  certificate.setIssuer(issuer.subject.attributes);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames: hosts.map(alternativeName) },
    { name: 'authorityKeyIdentifier', keyIdentifier: issuer.generateSubjectKeyIdentifier().getBytes() },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(authority.key), forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key };
}

/** From when until when a certificate is valid, in ms since 1970. */
export function validityOf(certificate: X509Certificate): { from: number; until: number } {
  return { from: certificate.validFromDate.getTime(), until: certificate.validToDate.getTime() };
}

/** A certificate without names, and the key that it is made for. */
async function unsigned(now: number, validMs: number) {
  const { publicKey, privateKey: key } = await promisify(generateKeyPair)('rsa', {
    modulusLength: RSA_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = new Date(now - BACKDATED_MS);
  certificate.validity.notAfter = new Date(now + validMs);
  return { certificate, privateKey: forge.pki.privateKeyFromPem(key), key };
}

/** 16 random bytes as a number that is positive and has no zeros in front. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

function alternativeName(host: string) {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host };
}
