import { formatDuration, parseDuration } from '../units/duration.ts';
import { formatPercentage, parsePercentage } from '../units/percentage.ts';
import { shown } from '../units/shown.ts';

/**
 * How the counting target answers. Each share is a share of all requests, from 0 to 1; a request is closed, hung,
 * truncated, failed or answered well, never two of them, so the four shares together are at most 1. Times are at most
 * an hour.
 */
export interface Behaviour {
  /** From the arrival of the whole request to the answer, in ms, at least. */
  latencyMs: number;
  /** Added to the latency: evenly spread from 0 to this, in ms. */
  jitterMs: number;
  /** Share answered with `failStatus`. */
  failShare: number;
  failStatus: number;
  okStatus: number;
  /** Share that is accepted and never answered. */
  hangShare: number;
  /** The time over which the body of an answer trickles out, in ms; 0: at once. */
  slowBodyMs: number;
  /** Share whose answer announces more bytes than it sends before the connection ends. */
  truncateShare: number;
  /** Share whose connection is closed as soon as the request has arrived, with no answer. */
  closeShare: number;
}

export const HEALTHY: Readonly<Behaviour> = {
  latencyMs: 0,
  jitterMs: 0,
  failShare: 0,
  failStatus: 503,
  okStatus: 200,
  hangShare: 0,
  slowBodyMs: 0,
  truncateShare: 0,
  closeShare: 0,
};

const MAX_TIME_MS = 3_600_000;

/** A field as users write it: the name of the flag and of the JSON field, and the text of its values. */
interface Field {
  key: keyof Behaviour;
  placeholder: string;
  help: string;
  /** @throws RangeError */
  parse: (text: string) => number;
  format: (value: number) => string;
}

const time = { placeholder: '<duration>', parse: parseTime, format: formatDuration };
const share = {
  placeholder: '<percentage>',
  parse: parsePercentage,
  format: (value: number) => formatPercentage(value),
};
const status = { placeholder: '<code>', parse: parseStatus, format: String };

/** The one table of the names that `taz target` and `PUT /behaviour` take. */
export const BEHAVIOUR_FIELDS: ReadonlyMap<string, Field> = new Map<string, Field>([
  ['latency', { key: 'latencyMs', help: 'time from a whole request to its answer', ...time }],
  ['jitter', { key: 'jitterMs', help: 'more latency, evenly spread from 0 to this', ...time }],
  ['fail', { key: 'failShare', help: 'share answered with the failure status', ...share }],
  ['status', { key: 'failStatus', help: 'status of failures', ...status }],
  ['ok-status', { key: 'okStatus', help: 'status of all other answers', ...status }],
  ['hang', { key: 'hangShare', help: 'share accepted and never answered', ...share }],
  ['slow-body', { key: 'slowBodyMs', help: 'time over which the body of an answer trickles out', ...time }],
  ['truncate', { key: 'truncateShare', help: 'share that announces more than it sends', ...share }],
  ['close', { key: 'closeShare', help: 'share whose connection is closed with no answer', ...share }],
]);

/** What a set of named texts means, over `base`. */
export type ParsedBehaviour =
  | { behaviour: Behaviour; problems: [] }
  | { behaviour: null; problems: string[] };

/**
 * Reads fields by name over `base`, and says everything that is wrong with them at once.
 * @param label how a field's name is shown in a problem, such as `--latency`
 */
export function parseBehaviour(
  fields: Readonly<Record<string, unknown>>,
  base: Readonly<Behaviour>,
  label: (name: string) => string = (name) => name,
): ParsedBehaviour {
  const behaviour = { ...base };
  const problems: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    const field = BEHAVIOUR_FIELDS.get(name);
    if (!field) {
      problems.push(`${shown(name)} is not one of ${[...BEHAVIOUR_FIELDS.keys()].join(', ')}`);
    } else if (typeof value !== 'string' && typeof value !== 'number') {
      problems.push(`${label(name)}: ${shown(JSON.stringify(value))} is neither a text nor a number`);
    } else {
      try {
        behaviour[field.key] = field.parse(String(value));
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        problems.push(`${label(name)}: ${error.message}`);
      }
    }
  }
  if (problems.length === 0) problems.push(...checkBehaviour(behaviour, label));
  return problems.length === 0 ? { behaviour, problems: [] } : { behaviour: null, problems };
}

/** The fields by name, each as the text that `parseBehaviour` reads back. */
export function formatBehaviour(behaviour: Readonly<Behaviour>): Record<string, string> {
  return Object.fromEntries(
    Array.from(BEHAVIOUR_FIELDS, ([name, field]) => [name, field.format(behaviour[field.key])]),
  );
}

function checkBehaviour(behaviour: Behaviour, label: (name: string) => string): string[] {
  const names = ['fail', 'hang', 'truncate', 'close'];
  const sum = behaviour.failShare + behaviour.hangShare + behaviour.truncateShare + behaviour.closeShare;
  // The sum of shares that make 100 % may exceed 1 by the noise of doubles.
  if (sum <= 1 + 1e-9) return [];
  return [`${names.map(label).join(', ')} are together ${formatPercentage(sum)}; they may be 100% at most`];
}

function parseTime(text: string): number {
  const ms = parseDuration(text);
  if (ms > MAX_TIME_MS) throw new RangeError(`${shown(text)} is more than ${formatDuration(MAX_TIME_MS)}`);
  return ms;
}

function parseStatus(text: string): number {
  if (!/^[2-5][0-9]{2}$/.test(text)) throw new RangeError(`${shown(text)} is not a status from 200 to 599`);
  return Number(text);
}
