import { z } from 'zod';
import { isNot } from '../wording.ts';
import { schemaNotes } from './cel.ts';
import { choice, duration, fields, integer, map, rate } from './kinds.ts';
import { labelKey, labelValue } from './names.ts';

/** The most workers of a test. */
export const MAX_WORKERS = 1000;

/** The largest pod template overlay, in characters of JSON. */
const MAX_OVERLAY = 65_536;

/** An overlay of Kubernetes' own pod template, whose fields the API server checks. */
const PodTemplateOverlay = z
  .record(z.string(), z.unknown(), {
    error: (issue) => isNot(issue.input, 'a map, laid over the pod template of workers'),
  })
  .refine((overlay) => JSON.stringify(overlay).length <= MAX_OVERLAY, {
    error: () => `is too large; at most ${MAX_OVERLAY} characters of JSON`,
  })
  .register(schemaNotes, { opaque: true });

/** Who sends. */
export const Workers = fields({
  replicas: integer(1, MAX_WORKERS).default(1),
  maxRatePerWorker: rate('over 0').optional(),
  onLoss: choice('Rebalance', 'Hold', 'Stop').default('Rebalance'),
  lease: duration('2s', '24h').optional(),
  afterLease: choice('Stop', 'Continue').default('Stop'),
  template: PodTemplateOverlay.optional(),
  beside: fields({
    matchLabels: map(
      labelKey(),
      labelValue(),
      'labels',
      16,
      1,
      'is empty: give at least one label of the pods to be near',
    ),
  }).optional(),
});
