import { failureCode, LOCAL } from '../metrics/outcome.ts';

const REFUSED = failureCode('refused');
const DNS = failureCode('dns');
const UNREACHABLE = failureCode('unreachable');
const RESET = failureCode('reset');
const TLS = failureCode('tls');

/** Codes of the operating system and of Node that mean one class wherever they come. */
const CODES = new Map<string, number>([
  ['ECONNREFUSED', REFUSED],
  ['ENOTFOUND', DNS],
  ['EHOSTUNREACH', UNREACHABLE],
  ['ENETUNREACH', UNREACHABLE],
  ['EHOSTDOWN', UNREACHABLE],
  ['ENETDOWN', UNREACHABLE],
  ['ECONNRESET', RESET],
  ['ECONNABORTED', RESET],
  ['EPIPE', RESET],
  ['EPROTO', TLS],
  ['EMFILE', LOCAL],
  ['ENFILE', LOCAL],
  ['EADDRNOTAVAIL', LOCAL],
  ['EADDRINUSE', LOCAL],
  ['ENOBUFS', LOCAL],
  ['ENOMEM', LOCAL],
]);

/** Errors of certificates, whose codes are OpenSSL's names of what is wrong. */
const CERTIFICATE =
  /CERT|^UNABLE_TO_|^CRL_|^ERR_SSL_|^ERR_TLS_|^ERR_OSSL_|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH|^HOSTNAME_MISMATCH$/;

/** Which class of `metrics/outcome.ts` an error of a socket belongs to; null: none that its code tells. */
export function socketFailure(error: Error): number | null {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  // In the handshake the other side went away: a server that speaks no TLS, or will not speak it with us.
  if (code === 'ECONNRESET' && error.message.includes('before secure TLS connection')) return TLS;
  const known = CODES.get(code);
  if (known !== undefined) return known;
  if (code.startsWith('EAI_')) return DNS;
  return CERTIFICATE.test(code) ? TLS : null;
}

/** The most characters of an error's text that are kept. */
const MAX_TEXT = 200;

/** An error in one short line. An error that stands for several, one for each address, says them all. */
export function describe(error: Error): string {
  const all =
    error instanceof AggregateError
      ? [...new Set(error.errors.map((one: Error) => one.message))]
      : [error.message];
  const text =
    all.join('; ').replace(/\s+/g, ' ').trim() || (error as NodeJS.ErrnoException).code || error.name;
  return text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT - 1)}…` : text;
}
