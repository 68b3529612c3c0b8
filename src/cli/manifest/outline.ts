import type { RunSpec } from '../../api/run-spec.ts';
import { curveOf, hitsUntil, peakRate, settled } from '../../attack/schedule/curve.ts';
import { plural } from '../../report/format.ts';
import type { Content } from '../../template/content.ts';
import { formatDuration } from '../../units/duration.ts';
import { formatRate } from '../../units/rate.ts';

/** What a run would do, in one sentence: rate, duration, hits, workers. */
export function outline(spec: RunSpec, content: Content): string {
  const curve = curveOf(spec.schedule, spec.durationMs);
  const scheduled = curve.endMs === null ? null : settled(curve, hitsUntil(curve, curve.endMs)).ceil();
  const once = content.kind === 'targets' && !content.loop ? BigInt(content.count) : null;
  const hits = scheduled === null || (once !== null && once < scheduled) ? once : scheduled;
  const length = curve.endMs === null ? 'until it is stopped' : `for ${formatDuration(curve.endMs)}`;
  const warmup = spec.warmupMs > 0 ? `, the first ${formatDuration(spec.warmupMs)} as warm-up` : '';
  const total =
    hits === null ? '' : `: ${plural(Number(hits), 'hit')}${hits === once ? ', each target once' : ''}`;
  const workers = plural(workersOf(spec), 'worker');
  const held = spec.suspend ? '; it is suspended, so nothing is sent' : '';
  return `${rateText(spec)} ${length}${warmup}${total}, from ${workers}${held}`;
}

function rateText({ schedule, durationMs }: RunSpec): string {
  switch (schedule.kind) {
    case 'constant':
      return formatRate(schedule.rate);
    case 'wave':
      return `a wave of ${formatRate(schedule.mean)} ± ${formatRate(schedule.amplitude)} every ${formatDuration(schedule.periodMs)}`;
    case 'stages':
      return `${plural(schedule.stages.length, 'stage')} up to ${formatRate(peakRate(curveOf(schedule, durationMs)))}`;
  }
}

/** How many workers the test asks for: at least `replicas`, more where one may not send its share of the highest rate. */
function workersOf({ schedule, durationMs, workers }: RunSpec): number {
  if (workers.maxRatePerWorker === null) return workers.replicas;
  const needed = peakRate(curveOf(schedule, durationMs)).over(workers.maxRatePerWorker).ceil();
  return Math.max(workers.replicas, Number(needed));
}
