import { AllowedHosts, splitPatterns } from '../target/allowed-hosts.ts';
import { parseRate } from '../units/rate.ts';
import type { Rational } from '../units/rational.ts';

/** What the cluster's administrator says of all tests; it may change at any time. */
export interface Settings {
  /** All runs are held, as if each were suspended. */
  killSwitch: boolean;
  /** The highest rate of one test, in hits per second; null: no limit. */
  maxRatePerTest: Rational | null;
  /** The highest rate of all tests together; null: no limit. */
  maxRateTotal: Rational | null;
  /** Patterns of hosts that may be sent to; empty: all. */
  allowedHosts: readonly string[];
  /** Resources of worker pods whose test does not say, as a pod's container has them; null: Taz's own defaults. */
  workerResources: Record<string, unknown> | null;
  /** What of them cannot be read, in words; empty: nothing. */
  wrong: string;
}

export const NO_LIMITS: Settings = {
  killSwitch: false,
  maxRatePerTest: null,
  maxRateTotal: null,
  allowedHosts: [],
  workerResources: null,
  wrong: '',
};

/**
 * Reads the settings' ConfigMap. Each key counts by itself: of one that cannot be read, what it said before holds; where
 * that is not known, nothing is sent until it is put right.
 * @param data its `data`; undefined: there is none, and nothing is limited
 * @param before null: they have not been read before
 */
export function readSettings(
  data: Readonly<Record<string, string>> | undefined,
  before: Settings | null,
): Settings {
  const problems: string[] = [];
  const read = <Key extends keyof Settings>(key: Key, parse: (text: string) => Settings[Key]) => {
    try {
      return parse(data?.[key]?.trim() ?? '');
    } catch (error) {
      problems.push(`${key}: ${(error as Error).message}`);
      return (before ?? NO_LIMITS)[key];
    }
  };
  const settings = {
    killSwitch: read('killSwitch', readFlag),
    maxRatePerTest: read('maxRatePerTest', readRate),
    maxRateTotal: read('maxRateTotal', readRate),
    allowedHosts: read('allowedHosts', readHosts),
    workerResources: read('workerResources', readMap),
  };
  const isUnknown = problems.length > 0 && before === null;
  return { ...settings, killSwitch: settings.killSwitch || isUnknown, wrong: problems.join('; ') };
}

function readFlag(text: string): boolean {
  if (text === '' || text === 'false') return false;
  if (text === 'true') return true;
  throw new RangeError(`${JSON.stringify(text)} is neither true nor false`);
}

function readRate(text: string): Rational | null {
  return text === '' ? null : parseRate(text);
}

/** @throws RangeError for a text that is no such pattern */
function readHosts(text: string): readonly string[] {
  const patterns = splitPatterns(text);
  void new AllowedHosts(patterns);
  return patterns;
}

function readMap(text: string): Record<string, unknown> | null {
  if (text === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RangeError(`${JSON.stringify(text)} is not JSON`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new RangeError(`${text} is not a map such as {"requests":{"cpu":"1"}}`);
  }
  return value as Record<string, unknown>;
}
