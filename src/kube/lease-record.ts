import { microTime } from './micro-time.ts';
import type { Lease } from './resources.ts';

/** What of a Lease's spec is read and written here. */
export interface LeaseRecord {
  /** Empty: nobody. */
  holder: string;
  /** How long others leave it alone after the last change that they saw, in s. */
  durationSeconds: number;
  /** How often it has changed hands. */
  transitions: number;
}

/** A lease as somebody saw it: other machines' clocks are never compared with one's own. */
export interface SeenLease {
  record: LeaseRecord;
  resourceVersion: string;
  /** When this resource version was first seen, by the own clock. */
  seenAt: number;
}

export function readLease({ spec = {} }: Lease): LeaseRecord {
  return {
    holder: spec.holderIdentity ?? '',
    durationSeconds: spec.leaseDurationSeconds ?? 0,
    transitions: spec.leaseTransitions ?? 0,
  };
}

/** The spec of a lease that was taken at `acquiredAt` and is renewed at `renewedAt`, both wall time in ms. */
export function leaseSpec(
  record: LeaseRecord,
  acquiredAt: number,
  renewedAt: number,
): NonNullable<Lease['spec']> {
  return {
    holderIdentity: record.holder,
    leaseDurationSeconds: record.durationSeconds,
    leaseTransitions: record.transitions,
    acquireTime: microTime(acquiredAt),
    renewTime: microTime(renewedAt),
  };
}

/** What `latest` adds to what was seen: a new resource version is seen from now on. */
export function seeLease(seen: SeenLease | null, latest: Lease, now: number): SeenLease {
  const resourceVersion = latest.metadata.resourceVersion ?? '';
  if (seen !== null && seen.resourceVersion === resourceVersion) return seen;
  return { record: readLease(latest), resourceVersion, seenAt: now };
}

/**
 * How long to leave a lease alone, in ms; 0: it may be taken. One's own may be taken at once: it is left from before, for
 * an identity belongs to one process.
 */
export function leaveAloneMs({ record, seenAt }: SeenLease, identity: string, now: number): number {
  if (record.holder === '' || record.holder === identity) return 0;
  return Math.max(0, seenAt + record.durationSeconds * 1000 - now);
}
