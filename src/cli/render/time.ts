import { formatCount } from '../../report/format.ts';
import { table } from '../../report/layout.ts';
import { sentAs } from '../../target/sent-as.ts';
import type { Rendered } from './rendered.ts';

/** What rendering targets costs. */
export interface Times {
  /** By label, the most frequent first. */
  labels: { label: string; count: number; totalMs: number; bodyBytes: number }[];
}

/** Code is compiled and pools of fake data fill meanwhile. */
const WARM_UP_MS = 1000;
const MEASURE_MS = 2000;

/** Renders for about three seconds, in this thread. @throws UsageError when rendering fails */
export function measure(rendered: Rendered): Times {
  let hit = 0;
  const takeNext = () => rendered.next(hit++ % rendered.count);
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) takeNext();
  const labels = new Map<string, Times['labels'][number]>();
  let before = performance.now();
  for (const end = before + MEASURE_MS; before < end; ) {
    const { target, label } = takeNext();
    const after = performance.now();
    let times = labels.get(label);
    if (times === undefined) labels.set(label, (times = { label, count: 0, totalMs: 0, bodyBytes: 0 }));
    times.count++;
    times.totalMs += after - before;
    times.bodyBytes += sentAs(target).body?.length ?? 0;
    before = after;
  }
  return { labels: [...labels.values()].sort((a, b) => b.count - a.count) };
}

/** A row for each label and one for all, and the rate that follows. */
export function timeTable({ labels }: Times): string {
  const all = labels.reduce(
    (sum, each) => ({
      label: 'all',
      count: sum.count + each.count,
      totalMs: sum.totalMs + each.totalMs,
      bodyBytes: sum.bodyBytes + each.bodyBytes,
    }),
    { label: 'all', count: 0, totalMs: 0, bodyBytes: 0 },
  );
  const rows = [...(labels.length > 1 ? labels : []), all].map(({ label, count, totalMs, bodyBytes }) => [
    label,
    `${((count / all.count) * 100).toFixed(1)} %`,
    ((totalMs / count) * 1000).toFixed(2),
    formatCount(Math.round((count / totalMs) * 1000)),
    formatCount(Math.round(bodyBytes / count)),
  ]);
  const head = ['template', 'share', 'µs a target', 'targets/s a core', 'bytes a body'];
  const rate = formatCount(Math.round((all.count / all.totalMs) * 1000));
  return `${table([head, ...rows], 'lrrrr').join('\n')}

One core renders ${rate} targets a second at most; what sending them costs comes on top.
`;
}
