import { chooseSamples } from '../../attack/hit-sample.ts';
import { curveOf } from '../../attack/schedule/curve.ts';
import { CountsBlock, Tally } from '../../metrics/tally.ts';
import { addHits, noHits, plannedHits } from '../course/ledger.ts';
import type { Member } from '../crew/member.ts';
import type { RunSnapshot, WorkerSnapshot } from '../snapshot.ts';
import type { Run } from './run.ts';

/** Merges what all members have counted with what the plan says: as it is now, or was when the run was stopped. */
export function takeSnapshot(run: Run): RunSnapshot {
  const { spec, content, life, course, wallOffset } = run;
  const { members, base } = run.crew;
  const { ending, finishedAt } = life;
  const now = life.stoppedAt ?? run.clock.now();
  const { plan, startAt, segments } = course;
  const elapsedMs = course.runMs(now);
  const tally = new Tally(content.labels.names.length);
  const warmup = new CountsBlock();
  base.counts.addTo(tally, warmup);
  for (const member of members) if (!member.closed) member.counts.addTo(tally, warmup);
  const lostBelow = plan?.dueBefore(elapsedMs) ?? 0;
  const planned = noHits();
  addHits(planned, base.planned);
  const shares = members.map((member) => plannedHits(segments, [member.progress(lostBelow)]));
  for (const share of shares) addHits(planned, share);
  for (const { settled } of members) addHits(planned, settled);
  const durationMs = plan?.durationMs ?? curveOf(spec.schedule, spec.durationMs).endMs;
  const scheduleMs = Math.min(plan?.scheduleAt(elapsedMs) ?? 0, durationMs ?? Number.POSITIVE_INFINITY);
  const meanRate = scheduleMs === 0 ? 0 : (lostBelow / scheduleMs) * 1000;
  return {
    name: spec.name,
    run: run.id,
    phase: life.phase,
    verdict: life.phase === 'Ended' ? (ending?.verdict ?? null) : null,
    reason: ending?.reason ?? '',
    startedAt: startAt === null ? null : startAt + wallOffset,
    finishedAt: finishedAt === null ? null : finishedAt + wallOffset,
    elapsedMs,
    scheduleMs,
    warmupMs: spec.warmupMs,
    durationMs,
    suspended: plan?.suspendedAt(elapsedMs) ?? spec.suspend,
    warmingUp: scheduleMs < spec.warmupMs,
    targetRate: ending === null ? (plan?.rateAt(elapsedMs) ?? 0) : meanRate,
    scheduled: planned.main.scheduled,
    unreported: planned.main.unreported,
    tally,
    warmup: { ...planned.warmup, counts: warmup.counts },
    labels: [...content.labels.names],
    generatorSaturated: base.saturated || members.some((member) => member.saturated),
    votes: {
      highest: Math.max(0, ...members.map((member) => member.votes)),
      limit: spec.stopWhen?.votes ?? 0,
      workers: members
        .filter((member) => member.votes > 0)
        .map((member) => ({ name: member.name, votes: member.votes, reason: member.voteReason })),
    },
    templates: content.snapshot(members),
    samples: chooseSamples([base.samples.all, ...members.map(({ samples }) => samples)], spec.samples),
    workers: [
      ...base.past,
      ...members.map((member, index) => describe(member, shares[index]!.main.unreported)),
    ],
  };
}

/** @param unreported hits of the main part that it owes, in what is not settled */
export function describe(member: Member, unreported: number): WorkerSnapshot {
  return {
    name: member.name,
    index: member.worker.index,
    replacement: member.worker.replacement,
    state: member.state,
    lanes: member.lanes,
    sent: member.sent,
    dropped: member.dropped,
    unreported: unreported + member.settled.main.unreported,
    problem: member.problem,
  };
}
