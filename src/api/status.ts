import { z } from 'zod';
import { matching, schemaNotes } from './schema/cel.ts';
import { choice, fields, list, text } from './schema/kinds.ts';

/**
 * What the operator says of a LoadTest, in the form in which people and tools read it: texts with units, as the manifest
 * has them. Everything may be absent. What each field means is in docs/loadtest.md.
 */

/** The most workers that `votes` lists: those with most votes. */
export const MAX_LISTED_VOTES = 10;

/** The longest message of a condition, in characters. */
export const MAX_CONDITION_MESSAGE = 32_768;

/** A whole number that only grows up to what doubles count exactly. */
function count() {
  return z.int().min(0);
}

/** An instant as Kubernetes writes it: `2026-11-26T11:30:00Z`. */
function instant() {
  return z.string().register(schemaNotes, { format: 'date-time' });
}

/** A condition, as all of Kubernetes has them: logic of tools reads these, never `phase`. */
export const Condition = fields({
  type: text(1, 316, 'a type', matching(/^[A-Za-z][A-Za-z0-9]*$/)),
  status: choice('True', 'False', 'Unknown'),
  /** The generation of the spec that it speaks of. */
  observedGeneration: count().optional(),
  /** When `status` last changed. */
  lastTransitionTime: instant(),
  /** One word of CamelCase, for machines. */
  reason: text(1, 1024, 'a word of CamelCase', matching(/^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)),
  /** A sentence, for people. */
  message: text(0, MAX_CONDITION_MESSAGE),
});

/** The types of conditions that a LoadTest can have. `Reconciling` and `Stalled` are there only while they are True. */
export const CONDITION_TYPES = [
  'Ready',
  'Reconciling',
  'Stalled',
  'Succeeded',
  'Stopped',
  'GeneratorSaturated',
  'TemplatesLoaded',
] as const;

const quantityText = () => text(1, 32);

export const LoadTestStatus = fields({
  observedGeneration: count().optional(),
  phase: text(1, 32).optional(),
  run: fields({
    id: text(1, 64).optional(),
    key: text(1, 64).optional(),
    startedAt: instant().optional(),
    endsAt: instant().optional(),
    finishedAt: instant().optional(),
    verdict: choice('Completed', 'StoppedByVotes', 'StoppedByUser', 'Failed').optional(),
    reason: text(0, 1024).optional(),
  }).optional(),
  rate: fields({ target: quantityText().optional(), achieved: quantityText().optional() }).optional(),
  counts: fields({
    scheduled: count().optional(),
    sent: count().optional(),
    succeeded: count().optional(),
    failed: count().optional(),
    dropped: count().optional(),
    interrupted: count().optional(),
    unreported: count().optional(),
    inFlight: count().optional(),
  }).optional(),
  latency: fields({
    p50: quantityText().optional(),
    p90: quantityText().optional(),
    p95: quantityText().optional(),
    p99: quantityText().optional(),
    max: quantityText().optional(),
  }).optional(),
  success: quantityText().optional(),
  votes: fields({
    highest: count().optional(),
    limit: count().optional(),
    workers: list(
      fields({
        name: text(1, 253),
        votes: count(),
        since: instant().optional(),
        reason: text(0, 1024).optional(),
      }),
      'workers',
      0,
      MAX_LISTED_VOTES,
    ).optional(),
  }).optional(),
  templates: fields({
    digest: text(1, 128).optional(),
    workersUpdated: text(1, 16).optional(),
    lastError: text(0, 4096).optional(),
  }).optional(),
  workers: fields({
    desired: count().optional(),
    ready: count().optional(),
    replicas: count().optional(),
    selector: text(0, 1024).optional(),
  }).optional(),
  conditions: list(Condition, 'conditions', 0, 16).optional(),
});

export type LoadTestStatus = z.output<typeof LoadTestStatus>;
export type Condition = z.output<typeof Condition>;
export type ConditionType = (typeof CONDITION_TYPES)[number];
