import { failureCode } from '../../metrics/outcome.ts';
import { socketFailure } from '../socket-failure.ts';

export { describe } from '../socket-failure.ts';

/** How far a request came before it failed. */
export interface Progress {
  /** It was written to a connection. */
  readonly written: boolean;
  /** The head of its answer came. */
  readonly answered: boolean;
}

const UNREACHABLE = failureCode('unreachable');
const CONNECT_TIMEOUT = failureCode('connect_timeout');
const CLOSED = failureCode('closed');
const PROTOCOL = failureCode('protocol');
const TRUNCATED = failureCode('truncated');
const OTHER = failureCode('other');

/** Codes of undici. */
const CODES = new Map<string, number>([
  ['UND_ERR_CONNECT_TIMEOUT', CONNECT_TIMEOUT],
  ['UND_ERR_HEADERS_OVERFLOW', PROTOCOL],
  // undici asserts what its parser should have seen to, such as a status from 100 on.
  ['ERR_ASSERTION', PROTOCOL],
]);

/** Which class of `metrics/outcome.ts` an error of undici or of a socket belongs to. */
export function classify(error: Error, progress: Progress): number {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_SOCKET') return classifyClosing(error, progress);
  // Its codes come as undefined, so the text has to do.
  if (error.name === 'HTTPParserError')
    return error.message.includes('Invalid EOF') ? early(progress) : PROTOCOL;
  // Before the head was whole, this is a head that contradicts itself.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return progress.answered ? TRUNCATED : PROTOCOL;
  if (code === 'ETIMEDOUT') return progress.written ? UNREACHABLE : CONNECT_TIMEOUT;
  return CODES.get(code) ?? socketFailure(error) ?? OTHER;
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
