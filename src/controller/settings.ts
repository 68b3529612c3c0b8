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
}

export const NO_LIMITS: Settings = {
  killSwitch: false,
  maxRatePerTest: null,
  maxRateTotal: null,
  allowedHosts: [],
  workerResources: null,
};

/**
 * Reads the settings' ConfigMap. @param data its `data`; undefined: there is none, and nothing is limited
 * @throws RangeError naming the key, its value and what would be right
 */
export function parseSettings(data: Readonly<Record<string, string>> | undefined): Settings {
  const text = (key: string): string => data?.[key]?.trim() ?? '';
  return {
    killSwitch: readFlag('killSwitch', text('killSwitch')),
    maxRatePerTest: readRate('maxRatePerTest', text('maxRatePerTest')),
    maxRateTotal: readRate('maxRateTotal', text('maxRateTotal')),
    allowedHosts: text('allowedHosts')
      .split(/[\s,]+/)
      .filter((pattern) => pattern !== ''),
    workerResources: readMap('workerResources', text('workerResources')),
  };
}

function readFlag(key: string, text: string): boolean {
  if (text === '' || text === 'false') return false;
  if (text === 'true') return true;
  throw new RangeError(`${key}: ${JSON.stringify(text)} is neither true nor false`);
}

function readRate(key: string, text: string): Rational | null {
  if (text === '') return null;
  try {
    return parseRate(text);
  } catch (error) {
    throw new RangeError(`${key}: ${(error as Error).message}`);
  }
}

function readMap(key: string, text: string): Record<string, unknown> | null {
  if (text === '') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RangeError(`${key}: ${JSON.stringify(text)} is not JSON`);
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    throw new RangeError(`${key}: ${text} is not a map such as {"requests":{"cpu":"1"}}`);
  }
  return value as Record<string, unknown>;
}
