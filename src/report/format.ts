/**
 * Figures as people read them. Every time, count and share that Taz prints for people goes through here; results for
 * machines carry plain numbers instead.
 */

/** Stands for a figure that does not exist (nothing was answered, the file does not say). */
export const NONE = '–';

/** A short time with three significant digits: `412 µs`, `1.23 ms`, `45.6 s`; from two minutes on as a span. */
export function formatMs(ms: number | null): string {
  if (ms === null || !Number.isFinite(ms)) return NONE;
  if (ms < 0) return `-${formatMs(-ms)}`;
  if (ms === 0) return '0 ms';
  if (ms < 0.9995) return `${significant(ms * 1000)} µs`;
  if (ms < 999.5) return `${significant(ms)} ms`;
  if (ms < 120_000) return `${significant(ms / 1000)} s`;
  return formatSpan(ms);
}

/** A long time in its two largest units, cut to whole seconds: `8s`, `1m 05s`, `2h 03m`, `3d 04h`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
  return `${Math.floor(minutes / 1440)}d ${two(Math.floor((minutes % 1440) / 60))}h`;
}

/** A whole number with separators: `1,234,567`. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** Hits per second in the unit that a person would choose: `5,000/s`, `4,999.8/s`, `6/m`, `1/h`. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null || !Number.isFinite(perSecond)) return NONE;
  if (perSecond <= 0) return '0/s';
  if (perSecond >= 0.9995) return `${decimals(perSecond, perSecond < 10 ? 2 : 1)}/s`;
  if (perSecond * 60 >= 0.9995) return `${decimals(perSecond * 60, 2)}/m`;
  return `${decimals(perSecond * 3600, 2)}/h`;
}

const BYTE_UNITS = ['kB', 'MB', 'GB', 'TB', 'PB'];

/** A size in decimal units: `831 B`, `1.23 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 999.5) return `${Math.round(bytes)} B`;
  let value = bytes;
  for (const unit of BYTE_UNITS) {
    value /= 1000;
    if (value < 999.5 || unit === BYTE_UNITS.at(-1)) return `${significant(value)} ${unit}`;
  }
  return NONE;
}

/**
 * A share as a percentage with two decimals, rounded away from both ends: only what is whole prints as `100%` and
 * only nothing as `0%`, so that one failure in a million is still seen.
 */
export function formatShare(share: number | null): string {
  if (share === null || !Number.isFinite(share)) return NONE;
  if (share <= 0) return '0%';
  if (share >= 1) return '100%';
  if (share < 0.0001) return '<0.01%';
  if (share > 0.9999) return '>99.99%';
  return `${(share * 100).toFixed(2)}%`;
}

/** `1 hit`, `2 hits`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A value over 0 with three significant digits, or all digits of its whole part. */
function significant(value: number): string {
  const rounded = Number(value.toPrecision(3));
  if (rounded >= 100) return formatCount(Math.round(value));
  return rounded.toFixed(rounded >= 10 ? 1 : 2);
}

/** At most `digits` decimals, none that are zeros at the end. */
function decimals(value: number, digits: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: digits });
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
