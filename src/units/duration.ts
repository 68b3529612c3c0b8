import { Rational } from './rational.ts';
import { shown } from './shown.ts';

/** The longest text read as a duration. */
export const MAX_DURATION_LENGTH = 32;

/** A duration: numbers with units in turn. */
export const DURATION_PATTERN: RegExp = /^(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h))+$/;

const MS_PER_UNIT = { ms: 1n, s: 1_000n, m: 60_000n, h: 3_600_000n } as const;
const NANOSECONDS_PER_MS = 1_000_000n;

/**
 * A duration such as `100ms`, `10m`, `1h30m`, `2.5s`, in ms; what is finer than a nanosecond is cut off.
 * @throws RangeError for any other text, also for a number without a unit
 */
export function parseDuration(text: string): number {
  if (text.length > MAX_DURATION_LENGTH || !DURATION_PATTERN.test(text)) {
    throw new RangeError(`${shown(text)} is not a duration such as 100ms, 10m, 1h30m`);
  }
  let ms = Rational.zero;
  for (const [, amount, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h)/g)) {
    ms = ms.plus(Rational.parse(amount!).times(Rational.of(MS_PER_UNIT[unit as keyof typeof MS_PER_UNIT])));
  }
  const nanoseconds = ms.times(Rational.of(NANOSECONDS_PER_MS)).floor();
  return Rational.of(nanoseconds, NANOSECONDS_PER_MS).toNumber();
}

/**
 * The shortest usual form of a duration in ms, to the nanosecond: `1h30m`, `2.5s`, `100ms`, `0s`. `parseDuration` reads
 * it back, unless it is negative. @throws RangeError for a number that is not finite
 */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) throw new RangeError(`${ms} is not a duration in milliseconds such as 1500`);
  if (ms < 0) return `-${formatDuration(-ms)}`;
  const nanoseconds = BigInt(Math.trunc(ms)) * NANOSECONDS_PER_MS + BigInt(Math.round((ms % 1) * 1e6));
  if (nanoseconds === 0n) return '0s';
  const second = MS_PER_UNIT.s * NANOSECONDS_PER_MS;
  if (nanoseconds < second) return `${decimal(nanoseconds, NANOSECONDS_PER_MS)}ms`;
  const hours = nanoseconds / (3_600n * second);
  const minutes = (nanoseconds / (60n * second)) % 60n;
  const rest = nanoseconds % (60n * second);
  return `${hours ? `${hours}h` : ''}${minutes ? `${minutes}m` : ''}${rest ? `${decimal(rest, second)}s` : ''}`;
}

/** A duration in ms as sentences have it, to a tenth of a second: `1.5 s`, `90 s`. */
export function inSeconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

/** `numerator / denominator` as a decimal, the denominator being a power of ten. */
function decimal(numerator: bigint, denominator: bigint): string {
  const digits = String(numerator % denominator).padStart(String(denominator).length - 1, '0');
  return `${numerator / denominator}.${digits}`.replace(/\.?0+$/, '');
}
