/**
 * What went wrong with a call to the API server, for a caller to switch on:
 *
 * | kind | what it means | what to do |
 * | --- | --- | --- |
 * | `NotFound` | there is no such object, or no such resource at all | make it, or install the CRD |
 * | `AlreadyExists` | there is one of that name | read it |
 * | `Conflict` | another writer was quicker, owns the field, or the precondition fails | read again, then decide anew |
 * | `Expired` | a resource version or page is too old (410) | list again |
 * | `Invalid` | the object is not valid; `causes` names the fields | say so; the same call fails again |
 * | `BadRequest` | the call makes no sense to the server (a field that it does not know, a wrong form) | a bug of ours |
 * | `Forbidden` | no right, or a quota is used up: the message says which | say so; try again much later |
 * | `Unauthorized` | the credentials are not valid (any more) | say so; try again later |
 * | `TooManyRequests` | the server asks for patience | wait `retryAfterMs` |
 * | `Timeout` | no answer in time: what was asked for may have happened | read, then decide anew |
 * | `Unavailable` | the server cannot answer now (5xx) | try again later |
 * | `Unreachable` | there is no connection to it | try again later |
 * | `Other` | anything else | see the message |
 */
export type KubeErrorKind =
  | 'NotFound'
  | 'AlreadyExists'
  | 'Conflict'
  | 'Expired'
  | 'Invalid'
  | 'BadRequest'
  | 'Forbidden'
  | 'Unauthorized'
  | 'TooManyRequests'
  | 'Timeout'
  | 'Unavailable'
  | 'Unreachable'
  | 'Other';

/** One field that an `Invalid` object is refused for. */
export interface FieldCause {
  /** Path of the field, such as `spec.containers[0].image`; empty where it is about the whole. */
  field: string;
  message: string;
}

export interface KubeErrorDetails {
  /** The HTTP status; null where there was no answer. */
  code?: number | null;
  /** The reason in the server's words, such as `NotFound`; the system's error code where there was no answer. */
  reason?: string;
  /** How long the server asks to wait, in ms; null where it does not. */
  retryAfterMs?: number | null;
  causes?: FieldCause[];
  cause?: unknown;
}

/** The most characters of the server's words that a message repeats, and the most causes. */
const MAX_MESSAGE = 1000;
const MAX_CAUSES = 20;

/** A failed call. The message is one line that begins with the call, never the whole answer. */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly kind: KubeErrorKind;
  readonly code: number | null;
  readonly reason: string;
  readonly retryAfterMs: number | null;
  readonly causes: readonly FieldCause[];

  constructor(kind: KubeErrorKind, message: string, details: KubeErrorDetails = {}) {
    super(shortened(message), { cause: details.cause });
    this.kind = kind;
    this.code = details.code ?? null;
    this.reason = details.reason ?? '';
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.causes = (details.causes ?? [])
      .slice(0, MAX_CAUSES)
      .map(({ field, message }) => ({ field, message: shortened(message) }));
  }
}

/** Whether an error is a KubeError of one of these kinds. */
export function isKubeError(error: unknown, ...kinds: KubeErrorKind[]): error is KubeError {
  return error instanceof KubeError && (kinds.length === 0 || kinds.includes(error.kind));
}

/** Whether the same call may well succeed in a while, with nothing changed. */
export function isTransient(error: unknown): boolean {
  return isKubeError(error, 'TooManyRequests', 'Timeout', 'Unavailable', 'Unreachable', 'Expired');
}

/** What of Kubernetes' `Status` object is read here. */
interface StatusObject {
  kind?: unknown;
  message?: unknown;
  reason?: unknown;
  code?: unknown;
  details?: { retryAfterSeconds?: unknown; causes?: unknown };
}

const KINDS_BY_REASON: Readonly<Record<string, KubeErrorKind>> = {
  NotFound: 'NotFound',
  AlreadyExists: 'AlreadyExists',
  Conflict: 'Conflict',
  Gone: 'Expired',
  Expired: 'Expired',
  Invalid: 'Invalid',
  BadRequest: 'BadRequest',
  Forbidden: 'Forbidden',
  Unauthorized: 'Unauthorized',
  TooManyRequests: 'TooManyRequests',
  ServerTimeout: 'Unavailable',
  Timeout: 'Timeout',
  ServiceUnavailable: 'Unavailable',
  InternalError: 'Unavailable',
};

const KINDS_BY_CODE: Readonly<Record<number, KubeErrorKind>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  413: 'BadRequest',
  415: 'BadRequest',
  422: 'Invalid',
  429: 'TooManyRequests',
  504: 'Timeout',
};

/**
 * Makes an error of an answer that is none of success.
 * @param call the call in words, such as `get pods ingest/a`
 * @param body the answer as a text: a `Status` object, or whatever a proxy on the way says
 * @param retryAfter the header of that name
 */
export function errorOfAnswer(call: string, code: number, body: string, retryAfter?: string): KubeError {
  return errorOfStatus(call, parsed(body) ?? { code, message: body.split('\n', 1)[0] }, code, retryAfter);
}

/** Makes an error of a `Status` object, such as stands in a watch. */
export function errorOfStatus(
  call: string,
  status: object,
  answered?: number,
  retryAfter?: string,
): KubeError {
  const { message, reason, code: said, details } = status as StatusObject;
  const code = answered ?? (typeof said === 'number' ? said : 0);
  const named = typeof reason === 'string' ? reason : '';
  const kind = KINDS_BY_REASON[named] ?? KINDS_BY_CODE[code] ?? (code >= 500 ? 'Unavailable' : 'Other');
  const words = typeof message === 'string' && message !== '' ? message : `status ${code}`;
  return new KubeError(kind, `${call}: ${words}`, {
    code,
    reason: named,
    retryAfterMs: milliseconds(retryAfter) ?? milliseconds(details?.retryAfterSeconds),
    causes: causesOf(details?.causes),
  });
}

function parsed(body: string): object | null {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && (value as StatusObject).kind === 'Status'
      ? value
      : null;
  } catch {
    return null;
  }
}

function causesOf(causes: unknown): FieldCause[] {
  if (!Array.isArray(causes)) return [];
  return causes.map((cause: { field?: unknown; message?: unknown } | null) => ({
    field: typeof cause?.field === 'string' ? cause.field : '',
    message: typeof cause?.message === 'string' ? cause.message : '',
  }));
}

/** Whole seconds, as header and `Status` give them. (The API server never sends the header as a date.) */
function milliseconds(seconds: unknown): number | null {
  const value = typeof seconds === 'string' ? Number(seconds) : seconds;
  return typeof value === 'number' && value > 0 && Number.isFinite(value) ? value * 1000 : null;
}

function shortened(message: string): string {
  const line = message.replaceAll(/\s*\n\s*/g, ' ');
  return line.length > MAX_MESSAGE ? `${line.slice(0, MAX_MESSAGE - 1)}…` : line;
}
