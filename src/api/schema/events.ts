import { z } from 'zod';
import { isNot } from '../wording.ts';
import { fields, integer, percentage, text } from './kinds.ts';

const Seed = z.union([z.int(), z.string().min(1).max(64)], {
  error: (issue) => isNot(issue.input, 'a whole number or a text of 1 to 64 characters'),
});

/** How events are made and made again. */
export const Events = fields({
  reuse: percentage().default('0%'),
  duplicates: percentage().default('0%'),
  idField: text(1, 63, 'the name of a field such as messageId', (value) => value !== '__proto__').default(
    'messageId',
  ),
  seed: Seed.optional(),
  pool: integer(16, 100_000).default(1000),
  profiles: fields({ pool: integer(1, 1_000_000).default(1000) }).prefault({}),
});
