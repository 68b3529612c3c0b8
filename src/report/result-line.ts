import { FAILURE_CLASSES, type FailureClass, failureCode, LOCAL, SUCCEEDED } from '../metrics/outcome.ts';

/** A hit as a line of a result file tells it. */
export interface ResultLine {
  attack: string;
  /** HTTP status, 200 for a message that was acknowledged, 0 where neither decided the outcome. */
  code: number;
  /** `PUBLISH` for a message. */
  method: string;
  /** Wall clock at which it was sent, in ms since 1970 with a fraction. */
  sentAtWall: number;
  latencyNs: number;
  bytesOut: number;
  bytesIn: number;
  error: string;
  /** Name it is counted under; null where the file does not say. */
  target: string | null;
  /** A code of `metrics/outcome.ts`, or `INTERRUPTED`. */
  outcome: number;
  /** Sent minus due; null where the file does not say. */
  lagNs: number | null;
}

export const INTERRUPTED = -1;

/** A line that is no result, with the reason in words. */
export class ResultLineError extends Error {
  override readonly name = 'ResultLineError';
}

/**
 * Reads one line of Vegeta's JSON result format, as Taz or Vegeta itself wrote it. As in Vegeta's own reader unknown
 * keys are passed over and a key that is missing or null counts as 0 or empty, except `timestamp`.
 *
 * @throws ResultLineError when it is something else
 */
export function parseResultLine(text: string): ResultLine {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ResultLineError(`it is not JSON: ${excerpt(text)}`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new ResultLineError(`a result is a JSON object, not ${excerpt(text)}`);
  }
  const code = whole(value, 'code', 'a status code from 0 to 599');
  if (code > 599) throw wrong('code', 'a status code from 0 to 599', code);
  const error = string(value, 'error');
  return {
    attack: string(value, 'attack'),
    code,
    method: string(value, 'method'),
    sentAtWall: timestamp(value['timestamp']),
    latencyNs: whole(value, 'latency', 'a whole number of nanoseconds'),
    bytesOut: whole(value, 'bytes_out', 'a whole number of bytes'),
    bytesIn: whole(value, 'bytes_in', 'a whole number of bytes'),
    error,
    target: value['target'] === undefined ? null : string(value, 'target'),
    outcome: typeof value['outcome'] === 'string' ? namedOutcome(value['outcome']) : outcomeOf(code, error),
    lagNs: value['lag'] === undefined ? null : whole(value, 'lag', 'a whole number of nanoseconds'),
  };
}

/** The outcome that Taz wrote. */
function namedOutcome(name: string): number {
  return OUTCOMES.get(name) ?? statusOutcome(name) ?? failureCode('other');
}

const OUTCOMES: ReadonlyMap<string, number> = new Map([
  ['succeeded', SUCCEEDED],
  ['interrupted', INTERRUPTED],
  ['local', LOCAL],
  ...FAILURE_CLASSES.map((name): [string, number] => [name, failureCode(name)]),
]);

function statusOutcome(name: string): number | null {
  const match = /^http_([1-5][0-9][0-9])$/.exec(name);
  return match ? Number(match[1]) : null;
}

/** The outcome of a line that Vegeta wrote: a success is a status from 200 to 399, as in its own report. */
function outcomeOf(code: number, error: string): number {
  if (code >= 200 && code < 400) return SUCCEEDED;
  if (code >= 100) return code;
  return failureCode(GO_ERRORS.find(([pattern]) => pattern.test(error))?.[1] ?? 'other');
}

/** The words of Go's errors for what Taz has classes for. */
const GO_ERRORS: readonly (readonly [RegExp, FailureClass])[] = [
  [/dial tcp.*i\/o timeout/, 'connect_timeout'],
  [/deadline exceeded|Client\.Timeout|timeout/i, 'timeout'],
  [/connection refused/, 'refused'],
  [/no such host|server misbehaving|temporary failure in name resolution/i, 'dns'],
  [/no route to host|network is unreachable/, 'unreachable'],
  [/connection reset|broken pipe/, 'reset'],
  [/x509|tls:|certificate/, 'tls'],
  [/malformed HTTP/, 'protocol'],
  [/stopped after \d+ redirects/, 'redirect'],
  [/unexpected EOF/, 'truncated'],
  [/\bEOF\b|server closed/, 'closed'],
];

function string(value: Record<string, unknown>, key: string): string {
  const found = value[key];
  if (typeof found === 'string') return found;
  if (found === undefined || found === null) return '';
  throw wrong(key, 'a text', found);
}

function whole(value: Record<string, unknown>, key: string, expected: string): number {
  const found = value[key];
  if (typeof found === 'number' && Number.isInteger(found) && found >= 0) return found;
  if (found === undefined || found === null) return 0;
  throw wrong(key, expected, found);
}

/** The second last read: lines come nearly in the order of time. */
const second = { text: '', ms: Number.NaN };

/** RFC 3339 with any number of decimals, in ms since 1970; `Date.parse` alone would cut them off after the third. */
function timestamp(found: unknown): number {
  const text = typeof found === 'string' ? found : '';
  const head = text.slice(0, 19);
  if (head !== second.text) {
    second.text = head;
    second.ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(head) ? Date.parse(`${head}Z`) : Number.NaN;
  }
  let at = 19;
  let fractionMs = 0;
  if (text[at] === '.') {
    let digit = 100;
    for (at = 20; isDigit(text.charCodeAt(at)); at++) {
      fractionMs += (text.charCodeAt(at) - 48) * digit;
      digit /= 10;
    }
  }
  const ms = second.ms + fractionMs - zoneMs(text.slice(at));
  if (!Number.isNaN(ms)) return ms;
  if (found === undefined)
    throw new ResultLineError('it has no "timestamp", so it is no result of an attack');
  throw wrong('timestamp', 'a time such as 2026-11-23T19:10:11.000000001Z', found);
}

function zoneMs(zone: string): number {
  if (zone === 'Z') return 0;
  const match = /^([+-])([01]\d|2[0-3]):([0-5]\d)$/.exec(zone);
  if (!match) return Number.NaN;
  const ms = (Number(match[2]) * 60 + Number(match[3])) * 60_000;
  return match[1] === '-' ? -ms : ms;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function wrong(key: string, expected: string, found: unknown): ResultLineError {
  return new ResultLineError(`"${key}" has to be ${expected}, not ${excerpt(JSON.stringify(found))}`);
}

function excerpt(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`;
}
