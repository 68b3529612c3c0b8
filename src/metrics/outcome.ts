/**
 * Outcomes as small integers, so that the hot path counts in arrays: 0 is a success, 100–599 a failure under that
 * HTTP status, and the named classes of failure follow from 600 on.
 */
export const SUCCEEDED = 0;

/** One more than the highest HTTP status: where the named classes begin. */
const FIRST_CLASS = 600;

/** Named classes of failure, in the order of their codes. Append only: codes travel between processes. */
export const FAILURE_CLASSES = [
  'timeout', // no complete answer within the timeout
  'refused', // ECONNREFUSED
  'dns', // ENOTFOUND, EAI_AGAIN
  'unreachable', // EHOSTUNREACH, ENETUNREACH
  'connect_timeout', // no connection in time (the operating system's limit)
  'reset', // ECONNRESET, EPIPE
  'closed', // the other side closed before the answer was whole
  'tls', // handshake or certificate
  'protocol', // what came is no HTTP
  'truncated', // body shorter or longer than announced
  'redirect', // too many redirects, or one that cannot be followed
  'other',
  'stalled', // a broker said nothing for longer than the timeout, with messages before it
  'auth', // a broker does not accept the credentials, or they may not do this
  'unknown_topic', // the topic or partition is not there, and is not made
  'not_leader', // no leader, or another one, for the partition
  'not_replicated', // fewer replicas in sync than the topic asks for
  'message_too_large', // larger than the broker takes
  'sequence', // sequence numbers of an idempotent producer do not fit together
  'broker_error', // any other error that a broker of Kafka answers
  'e_invalid', // nsqd's own classes
  'e_bad_topic',
  'e_bad_message',
  'e_pub_failed',
  'e_mpub_failed',
  'e_dpub_failed',
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Not a failure of the target but of this machine (no file descriptors, no ports): such a hit becomes a `local` drop. */
export const LOCAL = FIRST_CLASS + FAILURE_CLASSES.length;

/** How many outcome codes there are: the size of an array indexed by them. */
export const OUTCOME_CODES = LOCAL + 1;

/** The code of a named class of failure. */
export function failureCode(name: FailureClass): number {
  return FIRST_CLASS + FAILURE_CLASSES.indexOf(name);
}

/** The name a failure has in results: `http_503`, `timeout`, … */
export function failureName(code: number): string {
  return code < FIRST_CLASS ? `http_${code}` : (FAILURE_CLASSES[code - FIRST_CLASS] ?? 'local');
}

/** Why a hit was never sent, in the order of their counters. */
export const DROP_REASONS = ['busy', 'late', 'local', 'template'] as const;
export type DropReason = (typeof DROP_REASONS)[number];
