import { createHash } from 'node:crypto';
import type { LoadTest } from '../api/loadtest.ts';
import { Http } from '../api/schema/protocols.ts';

/**
 * Says of a spec which run it asks for: a test that has ended starts again when this changes, and by nothing else. It
 * holds `spec.run` and what says what is sent and how fast; not who sends, when to stop, or what is kept.
 * @returns 32 hexadecimal digits
 */
export function runKey({ spec }: LoadTest): string {
  const {
    run = '',
    rate,
    stages,
    wave,
    duration,
    http,
    kafka,
    nsq,
    templates,
    targets,
    variables,
    events,
  } = spec;
  const { reload: _, ...sent } = templates ?? {};
  const protocol = kafka ?? nsq ?? http ?? Http.parse({});
  const kind = kafka ? 'kafka' : nsq ? 'nsq' : 'http';
  const asked = [run, { rate, stages, wave, duration }, kind, protocol, sent, targets, variables, events];
  return createHash('sha256').update(canonical(asked)).digest('hex').slice(0, 32);
}

/** JSON with the fields of each map in order of name, so that the order in which they were written says nothing. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (each === null || typeof each !== 'object' || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
