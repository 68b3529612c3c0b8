import { type FailureClass, failureCode } from '../../metrics/outcome.ts';
import { Failure } from '../messages/failure.ts';
import { describe, socketFailure } from '../socket-failure.ts';

/** Classes of nsqd's error codes. */
const CODES: Readonly<Record<string, FailureClass>> = {
  E_INVALID: 'e_invalid',
  E_BAD_TOPIC: 'e_bad_topic',
  E_BAD_MESSAGE: 'e_bad_message',
  E_BAD_BODY: 'e_bad_message',
  E_PUB_FAILED: 'e_pub_failed',
  E_MPUB_FAILED: 'e_mpub_failed',
  E_DPUB_FAILED: 'e_dpub_failed',
  E_AUTH_FIRST: 'auth',
  E_AUTH_FAILED: 'auth',
  E_AUTH_ERROR: 'auth',
  E_AUTH_DISABLED: 'auth',
  E_UNAUTHORIZED: 'auth',
};

/** What an error frame of nsqd means. @param text such as `E_BAD_MESSAGE PUB message too big 2097152 > 1048576` */
export function failureOfFrame(text: string): Failure {
  const code = text.split(' ', 1)[0]!;
  return new Failure(failureCode(classOf(code, text)), text.slice(0, 200));
}

function classOf(code: string, text: string): FailureClass {
  if (code === 'E_INVALID' && text.includes('TLS required')) return 'tls';
  if (code.startsWith('E_BAD_') && text.includes('too big')) return 'message_too_large';
  return Object.hasOwn(CODES, code) ? CODES[code]! : 'other';
}

/** What an error of a socket means. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof Error)) return new Failure(failureCode('other'), String(error));
  return new Failure(socketFailure(error) ?? failureCode('other'), describe(error));
}
