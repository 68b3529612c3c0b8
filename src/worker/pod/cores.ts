import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';

/**
 * How many whole cores this container may use: those of its limit, and without one those of the machine. libuv's own
 * number also counts the container's share against others, which says nothing of a machine that is not full.
 * @param cgroup where the control group of the container is seen
 */
export function coresOf(cgroup = '/sys/fs/cgroup'): number {
  const limit = limitIn(cgroup);
  return limit === null ? availableParallelism() : Math.max(1, Math.min(cpus().length, Math.floor(limit)));
}

/** The limit in cores; null: there is none. */
export function limitIn(cgroup: string): number | null {
  const [quota, period] =
    textIn(cgroup, 'cpu.max')?.split(/\s+/) ??
    ['cpu.cfs_quota_us', 'cpu.cfs_period_us'].map((name) => textIn(cgroup, 'cpu', name) ?? '');
  const limit = Number(quota) / Number(period);
  return limit > 0 && Number.isFinite(limit) ? limit : null;
}

function textIn(...path: string[]): string | null {
  try {
    return readFileSync(join(...path), 'utf8').trim();
  } catch {
    return null;
  }
}
