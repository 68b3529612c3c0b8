import { duration, fields, list, rate } from './kinds.ts';

/** A part of a schedule: `{from?, to, over}` goes from one rate to another, `{hold}` keeps the rate reached. */
export const Stage = fields({
  from: rate('zero too').optional(),
  to: rate('zero too').optional(),
  over: duration('1ms').optional(),
  hold: duration('1ms').optional(),
});

export const Stages = list(Stage, 'stages', 1, 64);

/** A rate that swings around a mean as a sine does. */
export const Wave = fields({
  mean: rate('over 0'),
  amplitude: rate('over 0'),
  period: duration('1ms'),
});
