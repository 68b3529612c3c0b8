import { z } from 'zod';
import { MOST_SAMPLES } from '../attack/hit-sample.ts';
import type { SyncRequest } from './protocol.ts';

const count = z.number().int().min(0);
const version = z.object({ epoch: count, n: count }).nullable();

/** Thousands of numbers a call, which are looked at once more where they are put to use. */
const numbers = z.custom<number[]>(
  (value) => Array.isArray(value) && value.every((each) => typeof each === 'number'),
  'these are no numbers',
);

const digest = z.string().max(200).nullable();

const text = z.string().max(1000);

const sample = z.object({
  draw: z.number(),
  kind: z.enum(['succeeded', 'failed', 'other']),
  hit: count,
  label: z.number().int().min(-1),
  method: text,
  url: text,
  outcome: text,
  status: count,
  error: text,
  sentAtWall: z.number(),
  serviceMs: z.number(),
  lagMs: z.number(),
});

const syncRequest = z.object({
  run: z.string().max(200),
  worker: z.object({ index: count, replacement: count, incarnation: z.string().min(1).max(200) }),
  state: z.enum(['starting', 'ready', 'running', 'leaving', 'ended', 'failed']),
  received: version,
  acknowledged: version,
  content: z.object({ prepared: digest, running: digest }),
  cores: count,
  lanes: count,
  report: z
    .object({
      cursors: z.array(count).max(1024),
      counters: z.object({
        sequence: count,
        base: count,
        size: count,
        runs: numbers,
        values: numbers,
      }),
      votes: count,
      voteReason: z.string().max(1000),
      wantsStop: z.boolean(),
      saturated: z.boolean(),
      notes: z.array(z.object({ id: count, text: z.string() })).max(100),
      // A worker of an earlier version has none.
      samples: z
        .array(sample)
        .max(3 * MOST_SAMPLES)
        // Counts are not lost for their sake.
        .catch([]),
    })
    .nullable(),
  problem: z.string(),
  urgent: z.boolean(),
});

/** Reads a worker's call. @returns what is wrong with it, in words, where it is none */
export function readSyncRequest(body: string): SyncRequest | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return 'the call is not JSON';
  }
  const result = syncRequest.safeParse(json);
  if (result.success) return result.data satisfies SyncRequest;
  const [issue] = result.error.issues;
  return `${issue?.path.join('.') || 'the call'}: ${issue?.message}`;
}
