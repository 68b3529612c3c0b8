/** What Vegeta's text report shows. Times in ns. */
export interface VegetaFigures {
  requests: number;
  /** Lines with a status from 200 to 399. */
  succeeded: number;
  /** From the first send to the last, and from there to the last answer. */
  attackNs: number;
  waitNs: number;
  latencyNs: { min: number; mean: number; max: number; percentile: (p: number) => number };
  bytesIn: number;
  bytesOut: number;
  /** Status and how often it came, in order; 0 where none came. */
  codes: [code: number, count: number][];
  errors: string[];
}

/** The lines that users of Vegeta know, in its own words, order and rounding. */
export function vegetaText(figures: VegetaFigures): string[] {
  const { requests, succeeded, attackNs, waitNs, latencyNs, bytesIn, bytesOut } = figures;
  const perSecond = (count: number, ns: number) => (ns > 0 ? count / (ns / 1e9) : count).toFixed(2);
  const mean = (total: number) => (requests === 0 ? 0 : total / requests).toFixed(2);
  const { min, mean: meanNs, max, percentile } = latencyNs;
  const latencies = [min, meanNs, percentile(50), percentile(90), percentile(95), percentile(99), max];
  const rows: [name: string, fields: string, values: string][] = [
    [
      'Requests',
      '[total, rate, throughput]',
      `${requests}, ${perSecond(requests, attackNs)}, ${perSecond(succeeded, attackNs + waitNs)}`,
    ],
    ['Duration', '[total, attack, wait]', [attackNs + waitNs, attackNs, waitNs].map(goDuration).join(', ')],
    ['Latencies', '[min, mean, 50, 90, 95, 99, max]', latencies.map(goDuration).join(', ')],
    ['Bytes In', '[total, mean]', `${bytesIn}, ${mean(bytesIn)}`],
    ['Bytes Out', '[total, mean]', `${bytesOut}, ${mean(bytesOut)}`],
    ['Success', '[ratio]', `${((requests === 0 ? 0 : succeeded / requests) * 100).toFixed(2)}%`],
    ['Status Codes', '[code:count]', figures.codes.map(([code, count]) => `${code}:${count}`).join('  ')],
  ];
  return [
    ...rows.map(([name, fields, values]) => `${name.padEnd(14)}${fields.padEnd(34)}${values}`.trimEnd()),
    'Error Set:',
    ...figures.errors,
  ];
}

/** Units of a duration, with the next smaller one to which Vegeta rounds. */
const UNITS: readonly (readonly [ns: number, roundedTo: number])[] = [
  [3600e9, 60e9],
  [60e9, 1e9],
  [1e9, 1e6],
  [1e6, 1e3],
  [1e3, 1],
];

/** A duration as Go prints it, rounded as Vegeta does: `1m40s`, `1.001s`, `34.333ms`, `412.5µs`, `0s`. */
export function goDuration(ns: number): string {
  const whole = Math.round(ns);
  const [, step] = UNITS.find(([unit]) => whole >= unit) ?? [1, 1];
  const value = Math.round(whole / step) * step;
  if (value === 0) return '0s';
  if (value < 1e3) return `${value}ns`;
  if (value < 1e6) return `${trimmed(value / 1e3, 3)}µs`;
  if (value < 1e9) return `${trimmed(value / 1e6, 6)}ms`;
  const seconds = value / 1e9;
  const minutes = Math.floor(seconds / 60);
  const rest = `${trimmed(seconds - minutes * 60, 9)}s`;
  if (minutes === 0) return rest;
  return minutes < 60 ? `${minutes}m${rest}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}`;
}

function trimmed(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}
