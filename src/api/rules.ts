import { formatDuration, parseDuration } from '../units/duration.ts';
import { parseExactPercentage } from '../units/percentage.ts';
import { parseRate } from '../units/rate.ts';
import { Rational } from '../units/rational.ts';
import { celIsDuration, celIsPercentage, celIsRate, celPerHour } from './schema/cel-units.ts';
import { MAX_DURATION } from './schema/kinds.ts';
import { MAX_WORKERS } from './schema/workers.ts';
import { described, listed } from './wording.ts';
import { type Fields, isFields } from './written.ts';

/**
 * What several fields must be together, in code and, meaning the same, in CEL. A rule looks at one map of the manifest as
 * it was written, before defaults, and holds where a field it needs is absent or is wrong by itself: that is reported with
 * the field.
 */
export interface Rule {
  /** The maps it is about: `spec`, `spec.stages[]`. */
  path: string;
  /** The field within the map that the problem is reported at; left out: the map itself. */
  field?: string;
  holds(self: Fields): boolean;
  /** What is wrong where it does not hold, and what would be right. */
  message: string | ((self: Fields) => string);
  /** The same for who checks manifests without this code; null where its schema language has other words for it. */
  cel: RuleInCel | null;
}

/** A rule about the map `self` in the Common Expression Language. There, fields with a default are never absent. */
export interface RuleInCel {
  holds: string;
  /** What is right, where `message` of the rule depends on the values. */
  message?: string;
  /** An expression of what is wrong, with the values in it. */
  sentence?: string;
}

/** The most characters that the inline files of one test have together, in bytes of UTF-8. */
const MAX_INLINE_BYTES = 200 * 1024;

const MAX_MS = parseDuration(MAX_DURATION);

const STAGE_FIELDS = ['from', 'to', 'over', 'hold'];
const STAGE_FORMS =
  'a stage is {from?, to, over}, such as {to: 5000/s, over: 2m}, or {hold}, such as {hold: 10m}';

/** Rates of different units are compared as doubles there, exactly in code. */
const ROUNDING = '1.000000000001';

const CEL_STAGE_DURATION = '(has(s.hold) ? s.hold : s.over)';
const CEL_STAGES_READABLE = `self.stages.all(s, (has(s.hold) || has(s.over)) && ${celIsDuration(CEL_STAGE_DURATION)})`;
const CEL_STAGES_MS = `self.stages.map(s, duration(${CEL_STAGE_DURATION}).getMilliseconds()).sum()`;
const CEL_STAGES_TOGETHER = `self.stages.map(s, duration(${CEL_STAGE_DURATION})).sum()`;
const CEL_RATES = `(has(self.rate) ? [self.rate] : has(self.stages)
  ? self.stages.map(s, has(s.from) ? s.from : '0/s') + self.stages.map(s, has(s.to) ? s.to : '0/s') : [])`;
const CEL_MOST_PER_HOUR = `${celPerHour('self.workers.maxRatePerWorker')} * ${MAX_WORKERS}.0 * ${ROUNDING}`;
/** Characters in place of bytes, which cost too much to count there: for other than ASCII texts the bound is higher. */
const CEL_INLINE_SIZE =
  'self.from.map(s, has(s.inline) ? s.inline.map(name, size(s.inline[name])).sum() : 0).sum()';

export const RULES: readonly Rule[] = [
  exactlyOne('spec', ['rate', 'stages', 'wave']),
  atMostOne('spec', ['http', 'kafka', 'nsq'], ' (http where none is given)'),
  {
    path: 'spec.kafka',
    field: 'acks',
    holds: ({ acks, idempotent }) => acks !== 'Leader' || idempotent !== true,
    message: 'Leader does not go with idempotent: true, which needs acks: All',
    cel: { holds: `self.acks != 'Leader' || !self.idempotent` },
  },
  exactlyOne('spec', ['templates', 'targets']),
  {
    path: 'spec',
    field: 'duration',
    holds: (spec) => !has(spec, 'stages') || !has(spec, 'duration'),
    message: 'stages end by themselves: leave duration out',
    cel: { holds: '!has(self.stages) || !has(self.duration)' },
  },
  {
    path: 'spec',
    field: 'warmup',
    holds: (spec) => {
      const [warmup, whole] = [duration(spec.warmup), wholeDuration(spec)];
      return warmup === null || whole === null || warmup === 0 || warmup < whole;
    },
    message: (spec) =>
      `${described(spec.warmup)} must be shorter than the ${has(spec, 'stages') ? 'stages together' : 'duration'} (${formatDuration(wholeDuration(spec)!)})`,
    cel: {
      holds: `!${celIsDuration('self.warmup')} || duration(self.warmup) == duration('0s') || (has(self.stages)
        ? !${CEL_STAGES_READABLE} || ${CEL_STAGES_MS} > ${MAX_MS} || duration(self.warmup) < ${CEL_STAGES_TOGETHER}
        : !has(self.duration) || !${celIsDuration('self.duration')} || duration(self.warmup) < duration(self.duration))`,
      message: 'must be shorter than the duration, or than the stages together',
      sentence: `'"' + self.warmup + '" must be shorter than ' + (has(self.stages) ? 'the stages together' : 'the duration (' + self.duration + ')')`,
    },
  },
  {
    path: 'spec.stages[]',
    holds: (stage) => {
      if (has(stage, 'hold')) return !has(stage, 'from') && !has(stage, 'to') && !has(stage, 'over');
      return has(stage, 'to') && has(stage, 'over');
    },
    message: (stage) => {
      const given = Object.keys(stage).filter((field) => STAGE_FIELDS.includes(field));
      const what = given.length === 0 ? 'is empty' : `has ${listed(given)}`;
      return `${what}: ${STAGE_FORMS}`;
    },
    cel: {
      holds:
        'has(self.hold) ? !has(self.from) && !has(self.to) && !has(self.over) : has(self.to) && has(self.over)',
      message: STAGE_FORMS,
      sentence: `([${celHas(STAGE_FIELDS)}].exists(given, given) ? 'has ' + ${celGiven(STAGE_FIELDS)} : 'is empty') + ': ${STAGE_FORMS}'`,
    },
  },
  {
    path: 'spec',
    field: 'stages[0].hold',
    holds: ({ stages }) => !Array.isArray(stages) || !has(stages[0], 'hold') || has(stages[0], 'to'),
    message:
      'a run starts at 0/s, so this would send nothing: start with a stage such as {from: 5000/s, to: 5000/s, over: 10m}',
    cel: {
      holds:
        '!has(self.stages) || self.stages.size() == 0 || !has(self.stages[0].hold) || has(self.stages[0].to)',
    },
  },
  {
    path: 'spec',
    field: 'stages',
    holds: ({ stages }) => peakOfStages(stages)?.compare(Rational.zero) !== 0,
    message: 'never send anything: give at least one of them a rate over 0, such as {to: 5000/s, over: 2m}',
    cel: {
      // Holds where a stage has a rate over 0, or cannot be read.
      holds: `!has(self.stages) || self.stages.size() == 0 || self.stages.exists(s, has(s.hold) ? has(s.to) : !has(s.to) || [s.to, has(s.from) ? s.from : '0/s'].exists(r, !${celIsRate('r')} || r.matches('[1-9]')))`,
    },
  },
  {
    path: 'spec',
    field: 'stages',
    holds: ({ stages }) => (durationOfStages(stages) ?? 0) <= MAX_MS,
    message: `take more than ${MAX_DURATION} together`,
    cel: {
      holds: `!has(self.stages) || !${CEL_STAGES_READABLE} || ${CEL_STAGES_MS} <= ${MAX_MS}`,
    },
  },
  {
    path: 'spec.wave',
    field: 'amplitude',
    holds: ({ amplitude, mean }) => {
      const [swing, middle] = [rate(amplitude), rate(mean)];
      return swing === null || middle === null || swing.compare(middle) <= 0;
    },
    message: ({ amplitude, mean }) =>
      `${described(amplitude)} is more than the mean (${String(mean)}), and no rate is below 0: give at most ${String(mean)}`,
    cel: {
      holds: `!${celIsRate('self.amplitude')} || !${celIsRate('self.mean')} || ${celPerHour('self.amplitude')} <= ${celPerHour('self.mean')} * ${ROUNDING}`,
      message: 'must be at most the mean: no rate is below 0',
      sentence: `'"' + self.amplitude + '" is more than the mean (' + self.mean + '), and no rate is below 0: give at most ' + self.mean`,
    },
  },
  ...['spec.templates.from[]', 'spec.targets.from[]'].map((path) =>
    exactlyOne(path, ['inline', 'configMap', 'directory', 's3']),
  ),
  ...['templates', 'targets'].map(
    (block): Rule => ({
      path: `spec.${block}`,
      field: 'from',
      holds: ({ from }) => inlineBytes(from) <= MAX_INLINE_BYTES,
      message: ({ from }) =>
        `inline files have ${inlineBytes(from)} bytes together; at most ${MAX_INLINE_BYTES} (200 KiB): put more in a configMap, directory or s3 source`,
      cel: {
        holds: `${CEL_INLINE_SIZE} <= ${MAX_INLINE_BYTES}`,
        message: `inline files have at most ${MAX_INLINE_BYTES} bytes (200 KiB) together: put more in a configMap, directory or s3 source`,
      },
    }),
  ),
  {
    path: 'spec',
    field: 'variables',
    holds: ({ variables }) => repeatedNames(variables).length === 0,
    message: ({ variables }) =>
      repeatedNames(variables)
        .map(([name, first, second]) => `${described(name)} is there twice (entries ${first} and ${second})`)
        .join('; '),
    // Names are keys of the list there.
    cel: null,
  },
  exactlyOne('spec.variables[]', ['value', 'values', 'valueFrom']),
  exactlyOne('spec.variables[].valueFrom', ['secretKeyRef', 'configMapKeyRef']),
  {
    path: 'spec.events',
    holds: ({ reuse, duplicates }) => {
      const [again, asItWas] = [percentage(reuse), percentage(duplicates)];
      return again === null || asItWas === null || again.plus(asItWas).compare(Rational.of(1)) <= 0;
    },
    message: ({ reuse, duplicates }) =>
      `reuse ${String(reuse)} and duplicates ${String(duplicates)} are more than 100% together`,
    cel: {
      // A map's own default, {}, is judged before its fields have theirs.
      holds: `!has(self.reuse) || !has(self.duplicates) || !${celIsPercentage('self.reuse')} || !${celIsPercentage('self.duplicates')} || quantity(self.reuse.replace('%', '')).add(quantity(self.duplicates.replace('%', ''))).compareTo(quantity('100')) <= 0`,
      message: 'reuse and duplicates must be at most 100% together',
      sentence: `'reuse ' + self.reuse + ' and duplicates ' + self.duplicates + ' are more than 100% together'`,
    },
  },
  {
    path: 'spec.stopWhen',
    holds: (rule) => has(rule, 'successBelow') || has(rule, 'latencyAbove'),
    message: 'needs at least one of successBelow, latencyAbove, such as successBelow: 98%',
    cel: { holds: 'has(self.successBelow) || has(self.latencyAbove)' },
  },
  {
    path: 'spec.stopWhen',
    field: 'percentile',
    holds: (rule) => !has(rule, 'percentile') || has(rule, 'latencyAbove'),
    message: 'percentile needs latencyAbove, such as latencyAbove: 100ms',
    cel: { holds: '!has(self.percentile) || has(self.latencyAbove)' },
  },
  {
    path: 'spec',
    field: 'workers.maxRatePerWorker',
    holds: (spec) => workersNeeded(spec) <= BigInt(MAX_WORKERS),
    message: (spec) =>
      `${described((spec.workers as Fields).maxRatePerWorker)} for each worker needs ${workersNeeded(spec)} workers; at most ${MAX_WORKERS}`,
    cel: {
      holds: [
        '!has(self.workers.maxRatePerWorker)',
        `!${celIsRate('self.workers.maxRatePerWorker')}`,
        "!self.workers.maxRatePerWorker.matches('[1-9]')",
        `(${CEL_RATES}.all(r, !${celIsRate('r')} || ${celPerHour('r')} <= ${CEL_MOST_PER_HOUR})
          && (!has(self.wave) || !${celIsRate('self.wave.mean')} || !${celIsRate('self.wave.amplitude')}
            || ${celPerHour('self.wave.mean')} + ${celPerHour('self.wave.amplitude')} <= ${CEL_MOST_PER_HOUR}))`,
      ].join(' || '),
      message: `needs more than ${MAX_WORKERS} workers for the highest rate: give a higher one`,
      sentence: `'"' + self.workers.maxRatePerWorker + '" for each worker needs more than ${MAX_WORKERS} workers for the highest rate'`,
    },
  },
];

function exactlyOne(path: string, names: string[]): Rule {
  return {
    path,
    holds: (self) => given(self, names).length === 1,
    message: (self) => {
      const found = given(self, names);
      const wanted = `exactly one of ${names.join(', ')}`;
      return found.length === 0 ? `needs ${wanted}` : `has ${listed(found)}: give ${wanted}`;
    },
    cel: {
      holds: `[${celHas(names)}].exists_one(given, given)`,
      message: `needs exactly one of ${names.join(', ')}`,
      sentence: `[${celHas(names)}].exists(given, given) ? 'has ' + ${celGiven(names)} + ': give exactly one of ${names.join(', ')}' : 'needs exactly one of ${names.join(', ')}'`,
    },
  };
}

function atMostOne(path: string, names: string[], otherwise: string): Rule {
  return {
    path,
    holds: (self) => given(self, names).length <= 1,
    message: (self) =>
      `has ${listed(given(self, names))}: give at most one of ${names.join(', ')}${otherwise}`,
    cel: {
      holds: `[${celHas(names)}].filter(given, given).size() <= 1`,
      message: `give at most one of ${names.join(', ')}${otherwise}`,
      sentence: `'has ' + ${celGiven(names)} + ': give at most one of ${names.join(', ')}${otherwise}'`,
    },
  };
}

/** Whether each field is there, for a list of CEL. */
function celHas(names: string[]): string {
  return names.map((name) => `has(self.${name})`).join(', ');
}

/** An expression of `a and b`: the fields that are there, of which there is one at least. (Lists of texts cost too much.) */
function celGiven(names: string[]): string {
  const words = names.map((name) => `(has(self.${name}) ? ' and ${name}' : '')`);
  return `(${words.join(' + ')}).substring(${' and '.length})`;
}

function given(self: Fields, names: string[]): string[] {
  return names.filter((name) => has(self, name));
}

function has(self: unknown, name: string): boolean {
  return isFields(self) && Object.hasOwn(self, name) && self[name] !== undefined;
}

const rate = reading(parseRate);
const duration = reading(parseDuration);
const percentage = reading(parseExactPercentage);

/** A reader of a unit that gives null for what it cannot read. */
function reading<T>(parse: (text: string) => T): (value: unknown) => T | null {
  return (value) => {
    if (typeof value !== 'string') return null;
    try {
      return parse(value);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  };
}

/** How long the schedule goes on, in ms; null where it has no end or a part of it cannot be read. */
function wholeDuration(spec: Fields): number | null {
  return has(spec, 'stages') ? durationOfStages(spec.stages) : duration(spec.duration);
}

function durationOfStages(stages: unknown): number | null {
  if (!Array.isArray(stages)) return null;
  let total = 0;
  for (const stage of stages) {
    const part = isFields(stage) ? duration(stage.hold ?? stage.over) : null;
    if (part === null) return null;
    total += part;
  }
  return total;
}

/** The highest rate of stages; null where there are none or one of them cannot be read. */
function peakOfStages(stages: unknown): Rational | null {
  if (!Array.isArray(stages) || stages.length === 0) return null;
  let peak = Rational.zero;
  for (const stage of stages) {
    if (!isFields(stage)) return null;
    if (has(stage, 'hold')) {
      if (has(stage, 'to')) return null;
      continue;
    }
    for (const value of [stage.from ?? '0/s', stage.to]) {
      const end = rate(value);
      if (end === null) return null;
      if (end.compare(peak) > 0) peak = end;
    }
  }
  return peak;
}

/** How many workers `maxRatePerWorker` asks for at the highest rate; 0 where that cannot be said. */
function workersNeeded({ workers, rate: constant, stages, wave }: Fields): bigint {
  const most = isFields(workers) ? rate(workers.maxRatePerWorker) : null;
  if (most === null || most.compare(Rational.zero) === 0) return 0n;
  const [mean, amplitude] = isFields(wave) ? [rate(wave.mean), rate(wave.amplitude)] : [null, null];
  const peak =
    rate(constant) ?? peakOfStages(stages) ?? (mean && amplitude ? mean.plus(amplitude) : Rational.zero);
  return peak.over(most).ceil();
}

function inlineBytes(from: unknown): number {
  if (!Array.isArray(from)) return 0;
  let bytes = 0;
  for (const source of from) {
    if (!isFields(source) || !isFields(source.inline)) continue;
    for (const text of Object.values(source.inline))
      if (typeof text === 'string') bytes += Buffer.byteLength(text);
  }
  return bytes;
}

/** Each name that was there before, with the index of its first entry and of the entry that repeats it. */
function repeatedNames(variables: unknown): [name: string, first: number, second: number][] {
  if (!Array.isArray(variables)) return [];
  const seen = new Map<string, number>();
  const repeated: [string, number, number][] = [];
  for (const [index, variable] of variables.entries()) {
    const name = isFields(variable) ? variable.name : undefined;
    if (typeof name !== 'string') continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, index);
    else repeated.push([name, first, index]);
  }
  return repeated;
}
