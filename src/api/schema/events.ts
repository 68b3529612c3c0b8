import { z } from 'zod';
import { isNot } from '../wording.ts';
import { schemaNotes } from './cel.ts';
import { fields, integer, percentage, text } from './kinds.ts';

const SEED = 'a whole number or a text of 1 to 64 characters';
const MAX_SEED = 64;

const Seed = z
  .union([z.int(), text(1, MAX_SEED)], { error: (issue) => isNot(issue.input, SEED) })
  .register(schemaNotes, {
    checks: [
      {
        cel: (self) =>
          `type(${self}) == string ? size(string(${self})) >= 1 && size(string(${self})) <= ${MAX_SEED} : int(${self}) >= ${Number.MIN_SAFE_INTEGER} && int(${self}) <= ${Number.MAX_SAFE_INTEGER}`,
        message: `must be ${SEED}`,
      },
    ],
  });

/** How events are made and made again. */
export const Events = fields({
  reuse: percentage().default('0%'),
  duplicates: percentage().default('0%'),
  idField: text(1, 63, 'the name of a field such as messageId', {
    holds: (value) => value !== '__proto__',
    cel: (self) => `${self} != '__proto__'`,
  }).default('messageId'),
  seed: Seed.optional(),
  pool: integer(16, 100_000).default(1000),
  profiles: fields({ pool: integer(1, 1_000_000).default(1000) }).prefault({}),
});
