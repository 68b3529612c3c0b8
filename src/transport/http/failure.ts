import { failureCode, LOCAL } from '../../metrics/outcome.ts';

/** How far a request came before it failed. */
export interface Progress {
  /** It was written to a connection. */
  readonly written: boolean;
  /** The head of its answer came. */
  readonly answered: boolean;
}

const REFUSED = failureCode('refused');
const DNS = failureCode('dns');
const UNREACHABLE = failureCode('unreachable');
const CONNECT_TIMEOUT = failureCode('connect_timeout');
const RESET = failureCode('reset');
const CLOSED = failureCode('closed');
const TLS = failureCode('tls');
const PROTOCOL = failureCode('protocol');
const TRUNCATED = failureCode('truncated');
const OTHER = failureCode('other');

/** Codes of the operating system, of Node and of undici that mean one class wherever they come. */
const CODES = new Map<string, number>([
  ['ECONNREFUSED', REFUSED],
  ['ENOTFOUND', DNS],
  ['EHOSTUNREACH', UNREACHABLE],
  ['ENETUNREACH', UNREACHABLE],
  ['EHOSTDOWN', UNREACHABLE],
  ['ENETDOWN', UNREACHABLE],
  ['UND_ERR_CONNECT_TIMEOUT', CONNECT_TIMEOUT],
  ['ECONNRESET', RESET],
  ['ECONNABORTED', RESET],
  ['EPIPE', RESET],
  ['EPROTO', TLS],
  ['UND_ERR_HEADERS_OVERFLOW', PROTOCOL],
  // undici asserts what its parser should have seen to, such as a status from 100 on.
  ['ERR_ASSERTION', PROTOCOL],
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

/** Which class of `metrics/outcome.ts` an error of undici or of a socket belongs to. */
export function classify(error: Error, progress: Progress): number {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_SOCKET') return classifyClosing(error, progress);
  // Its codes come as undefined, so the text has to do.
  if (error.name === 'HTTPParserError')
    return error.message.includes('Invalid EOF') ? early(progress) : PROTOCOL;
  // Before the head was whole, this is a head that contradicts itself.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return progress.answered ? TRUNCATED : PROTOCOL;
  // In the handshake the other side went away: a server that speaks no TLS, or will not speak it with us.
  if (code === 'ECONNRESET' && error.message.includes('before secure TLS connection')) return TLS;
  if (code === 'ETIMEDOUT') return progress.written ? UNREACHABLE : CONNECT_TIMEOUT;
  const known = CODES.get(code);
  if (known !== undefined) return known;
  if (code.startsWith('EAI_')) return DNS;
  if (CERTIFICATE.test(code)) return TLS;
  return OTHER;
}

/** undici says `bad response` for an answer nobody asked for; all else is a connection that ended too early. */
function classifyClosing(error: Error, progress: Progress): number {
  if (error.message.startsWith('bad ')) return PROTOCOL;
  return early(progress);
}

/** The connection ended in the middle of things. */
function early(progress: Progress): number {
  return progress.answered ? TRUNCATED : CLOSED;
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
