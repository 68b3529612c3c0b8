import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

/** A certificate with its key, as PEM texts. */
export interface Certified {
  cert: string;
  key: string;
}

/** A certificate authority of a test. */
export class Authority {
  readonly #key = newKey();
  readonly #certificate: forge.pki.Certificate;

  constructor(name: string) {
    const subject = [{ name: 'commonName', value: name }];
    this.#certificate = certificateFor(this.#key.public, subject, subject, [
      { name: 'basicConstraints', cA: true, critical: true },
    ]);
    this.#certificate.sign(this.#key.private, forge.md.sha256.create());
  }

  get pem(): string {
    return forge.pki.certificateToPem(this.#certificate);
  }

  /** @param name DNS name that the certificate is for */
  issue(name: string): Certified {
    const key = newKey();
    const subject = [{ name: 'commonName', value: name }];
    const certificate = certificateFor(key.public, subject, this.#certificate.subject.attributes, [
      { name: 'subjectAltName', altNames: [{ type: 2, value: name }] },
    ]);
    certificate.sign(this.#key.private, forge.md.sha256.create());
    return { cert: forge.pki.certificateToPem(certificate), key: key.pem };
  }
}

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
  return {
    pem,
    private: forge.pki.privateKeyFromPem(pem),
    public: forge.pki.publicKeyFromPem(String(publicKey.export({ type: 'spki', format: 'pem' }))),
  };
}

let serial = 0;

function certificateFor(
  key: forge.pki.PublicKey,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  extensions: object[],
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = key;
  certificate.serialNumber = String(++serial).padStart(2, '0');
  certificate.validity.notBefore = new Date(Date.now() - 60_000);
  certificate.validity.notAfter = new Date(Date.now() + 3_600_000);
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  certificate.setExtensions(extensions);
  return certificate;
}
