import tls from 'node:tls';

/**
 * What certificates are judged by. Made once for a transport: with an authority of one's own, each making costs about a
 * millisecond.
 *
 * @param ca PEM text of the authorities to trust; null: the machine's own
 * @param field what `ca` is called in messages, such as `http.tls.ca`
 * @throws Error when `ca` holds no certificate in PEM form
 */
export function secureContext(ca: string | null, field: string): tls.SecureContext {
  if (ca === null) return tls.createSecureContext();
  try {
    // Node takes a text without any certificate for an empty list, with which nothing is trusted.
    if (!ca.includes('-----BEGIN')) throw new Error('no -----BEGIN CERTIFICATE----- in it');
    return tls.createSecureContext({ ca });
  } catch (error) {
    throw new Error(`${field} holds no certificate in PEM form: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
