import { z } from 'zod';
import { Events } from './schema/events.ts';
import { duration, fields, flag, rate, text } from './schema/kinds.ts';
import { Metadata } from './schema/metadata.ts';
import { Http, Kafka, Nsq } from './schema/protocols.ts';
import { Results } from './schema/results.ts';
import { Stages, Wave } from './schema/schedule.ts';
import { Targets, Templates } from './schema/sources.ts';
import { StopWhen } from './schema/stop-when.ts';
import { Variables } from './schema/variables.ts';
import { Workers } from './schema/workers.ts';
import { isNot } from './wording.ts';

export const API_VERSION = 'taz.dev/v1alpha1';
export const KIND = 'LoadTest';

/**
 * What to send, how fast, until when. One field says it in one place: its type, bounds and default. What several fields
 * must be together is in `rules.ts`; what each means is in docs/loadtest.md.
 *
 * http, kafka and nsq have no default as a whole, so that "at most one of them" can be told from what was written.
 */
export const LoadTestSpec = fields({
  run: text(0, 64).optional(),
  rate: rate('over 0').optional(),
  stages: Stages.optional(),
  wave: Wave.optional(),
  duration: duration('1ms').optional(),
  maxLag: duration('1ms', '24h').default('1s'),
  startTimeout: duration('1s', '24h').default('5m'),
  warmup: duration('0s').default('0s'),
  suspend: flag().default(false),
  http: Http.optional(),
  kafka: Kafka.optional(),
  nsq: Nsq.optional(),
  templates: Templates.optional(),
  targets: Targets.optional(),
  variables: Variables.default([]),
  events: Events.prefault({}),
  stopWhen: StopWhen.optional(),
  workers: Workers.prefault({}),
  results: Results.prefault({}),
});

export const LoadTestSchema = fields({
  apiVersion: z.literal(API_VERSION, { error: (issue) => isNot(issue.input, API_VERSION) }),
  kind: z.literal(KIND, { error: (issue) => isNot(issue.input, KIND) }),
  metadata: Metadata,
  spec: LoadTestSpec,
  /** Written by the operator; ignored when a test is run or checked. */
  status: z.unknown().optional(),
});

/** A LoadTest in the form of the manifest, with its defaults filled in. */
export type LoadTest = z.output<typeof LoadTestSchema>;
