import { execFileSync } from 'node:child_process';
import { UsageError } from '../errors.ts';

/** What a worker process opens besides its connections. */
const RESERVE = 128;

/**
 * Refuses a test whose connections could not all be open at once, before anything is sent.
 * @throws UsageError that says the limit and what would be right
 */
export function checkOpenFiles(lanes: number, connections: number, limit: number = openFileLimit()): void {
  const needed = lanes * connections + RESERVE;
  if (needed <= limit) return;
  const most = Math.max(1, Math.floor((limit - RESERVE) / lanes));
  throw new UsageError(
    `${lanes} lanes with ${connections} connections each need ${needed} open files in a worker, and the limit is ` +
      `${limit}: raise it (ulimit -n ${needed}), or set spec.http.connections to ${most} or less`,
  );
}

/** How many files a process started from here may have open. Node raises its own limit to the hard one. */
function openFileLimit(): number {
  const text = execFileSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim();
  return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
}
