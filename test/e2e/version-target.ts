import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/attack/clock.ts';

/** When requests for one version of the templates came, in ms of the clock that lanes use. */
export interface Arrivals {
  count: number;
  first: number;
  last: number;
}

/** A server that answers 200 at once. The last part of a request's path is the version that it was made from. */
export interface VersionTarget {
  url: string;
  /** By version. */
  versions: Map<string, Arrivals>;
  /** When each request came. */
  arrivals: number[];
  /** The longest time in which none came, in ms, since this was asked the last time. */
  longestGap(): number;
  /** Resolves when a version has come. @throws Error after `withinMs` */
  sees(version: string, withinMs: number): Promise<Arrivals>;
  reset(): void;
  close(): Promise<void>;
}

export async function startVersionTarget(): Promise<VersionTarget> {
  const versions = new Map<string, Arrivals>();
  const arrivals: number[] = [];
  const waiting = new Map<string, (arrivals: Arrivals) => void>();
  let gapMs = 0;
  const server = createServer((request, response) => {
    const now = systemClock.now();
    const version = request.url!.slice(request.url!.lastIndexOf('/') + 1);
    const before = arrivals.at(-1);
    if (before !== undefined) gapMs = Math.max(gapMs, now - before);
    arrivals.push(now);
    let seen = versions.get(version);
    if (seen === undefined) {
      seen = { count: 0, first: now, last: now };
      versions.set(version, seen);
      waiting.get(version)?.(seen);
    }
    seen.count++;
    seen.last = now;
    request.resume();
    response.end('ok');
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    versions,
    arrivals,
    longestGap() {
      const longest = gapMs;
      gapMs = 0;
      return longest;
    },
    async sees(version, withinMs) {
      const seen = versions.get(version);
      if (seen !== undefined) return seen;
      const { promise, resolve, reject } = Promise.withResolvers<Arrivals>();
      const all = [...versions].map(([name, { count }]) => `${name}: ${count}`).join(', ');
      const timer = setTimeout(
        () => reject(new Error(`no ${version} within ${withinMs} ms (${all})`)),
        withinMs,
      );
      waiting.set(version, resolve);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(version);
      }
    },
    reset() {
      versions.clear();
      arrivals.length = 0;
      gapMs = 0;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** How many came in each second since the first. */
export function perSecond(arrivals: readonly number[]): number[] {
  const counts: number[] = [];
  for (const arrival of arrivals) {
    const second = Math.floor((arrival - arrivals[0]!) / 1000);
    counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
}
