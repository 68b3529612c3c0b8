import type { DropReason } from '../metrics/outcome.ts';
import { explainDrop, explainFailure } from './explain.ts';
import { formatBytes, formatCount, formatMs, formatShare, plural } from './format.ts';
import { padEnd, printable, table, widthOf, wrap } from './layout.ts';
import type { Style } from './style.ts';
import type { SampleSummary, Times } from './summary.ts';

/** Where and how a report is printed. */
export interface Page {
  /** Width at which prose is broken; tables keep their width. */
  columns: number;
  style: Style;
}

/** Width of the names at the left of a report. */
const LABEL = 11;

/** A named line; what follows the first line is indented below it. */
export function labelled(page: Page, label: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => ` ${page.style.dim(padEnd(index === 0 ? label : '', LABEL))} ${line}`);
}

/** Prose under a label, broken at the page's width. */
export function prose(page: Page, label: string, text: string): string[] {
  return labelled(page, label, wrap(printable(text), Math.max(30, page.columns - LABEL - 2)));
}

/** Figures with their words, `5 sent   2 dropped`, on one line where they fit. */
export function figures(page: Page, label: string, parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const joined = lines.length === 0 ? part : `${lines.at(-1)}   ${part}`;
    if (lines.length > 0 && widthOf(joined) > page.columns - LABEL - 2) lines.push(part);
    else lines.splice(-1, 1, joined);
  }
  return labelled(page, label, lines);
}

/** A table of times, one row a kind; a kind without times (null) is left out. */
export function timesSection(
  page: Page,
  kinds: readonly [name: string, times: Partial<Times> | null][],
): string[] {
  const { dim, bold } = page.style;
  const columns = ['mean', 'p50', 'p90', 'p95', 'p99', 'max'] as const;
  const rows = kinds.flatMap(([name, times]) => {
    if (times === null) return [];
    const cells = columns.map((column) => formatMs(times[column] ?? null));
    return [[dim(name), ...cells.map((cell, index) => (columns[index] === 'p99' ? bold(cell) : cell))]];
  });
  if (rows.length === 0) return [];
  return ['', ...table([['', ...columns].map(dim), ...rows], 'lrrrrrr').map((line) => ` ${line}`)];
}

/** @param startedAt @param finishedAt RFC 3339 */
export function durationSection(page: Page, startedAt: string | null, finishedAt: string | null): string[] {
  if (startedAt === null) return [];
  if (finishedAt === null) return figures(page, 'Started', [startedAt]);
  return figures(page, 'Duration', [
    formatMs(Date.parse(finishedAt) - Date.parse(startedAt)),
    page.style.dim(`${startedAt} – ${finishedAt}`),
  ]);
}

/** @param success null where nothing was answered */
export function successSection(
  page: Page,
  success: number | null,
  counts: { succeeded: number; failed: number },
): string[] {
  const { good, bad, bold } = page.style;
  if (success === null) return figures(page, 'Success', ['nothing was answered']);
  return figures(page, 'Success', [
    `${bold((success >= 1 ? good : bad)(formatShare(success)))} of ${plural(counts.succeeded + counts.failed, 'answered hit')}`,
    ...(counts.failed > 0 ? [bad(`${formatCount(counts.failed)} failed`)] : []),
  ]);
}

export function statusesSection(page: Page, statuses: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(statuses);
  if (entries.length === 0) return [];
  const parts = entries.map(([status, count]) => {
    const mark = status < '3' ? page.style.good : status < '4' ? page.style.warn : page.style.bad;
    return `${mark(status)}${page.style.dim(':')} ${formatCount(count)}`;
  });
  return figures(page, 'Statuses', parts);
}

export function bytesSection(page: Page, bytes: { out: number; in: number }, sent: number): string[] {
  const each = (total: number) => (sent > 0 ? ` (${formatBytes(total / sent)} a hit)` : '');
  return figures(page, 'Bodies', [
    `${formatBytes(bytes.out)} out${each(bytes.out)}`,
    `${formatBytes(bytes.in)} in${each(bytes.in)}`,
  ]);
}

/** Each class of failure with its share of what was sent and what can be done about it. */
export function failuresSection(
  page: Page,
  failures: Readonly<Record<string, number>>,
  sent: number,
): string[] {
  const rows = Object.entries(failures).map(([name, count]): Row => [name, count, explainFailure(name)]);
  return explained(page, 'Failures', page.style.bad, rows, sent);
}

export function dropsSection(
  page: Page,
  drops: Readonly<Record<DropReason, number>>,
  scheduled: number,
): string[] {
  const rows = Object.entries(drops)
    .filter(([, count]) => count > 0)
    .map(([reason, count]): Row => [reason, count, explainDrop(reason as DropReason)]);
  return explained(page, 'Dropped', page.style.warn, rows, scheduled);
}

export interface TargetRow {
  sent: number;
  succeeded: number;
  failed: number;
  dropped: number | null;
  times: Times;
}

/** One row for each template (or canned target). */
export function targetsSection(page: Page, targets: readonly [name: string, row: TargetRow][]): string[] {
  if (targets.length === 0) return [];
  const { dim, bad, warn, bold } = page.style;
  const withDrops = targets.some(([, row]) => (row.dropped ?? 0) > 0);
  const head = [
    'Target',
    'sent',
    'success',
    'failed',
    ...(withDrops ? ['dropped'] : []),
    'p50',
    'p95',
    'p99',
    'max',
  ];
  const rows = targets.map(([name, row]) => [
    printable(name),
    formatCount(row.sent),
    formatShare(successOf(row)),
    row.failed > 0 ? bad(formatCount(row.failed)) : '0',
    ...(withDrops ? [row.dropped ? warn(formatCount(row.dropped)) : '0'] : []),
    formatMs(timeOf(row, row.times.p50)),
    formatMs(timeOf(row, row.times.p95)),
    bold(formatMs(timeOf(row, row.times.p99))),
    formatMs(timeOf(row, row.times.max)),
  ]);
  return [
    '',
    ...table([head.map(dim), ...rows], `l${'r'.repeat(head.length - 1)}`).map((line) => ` ${line}`),
  ];
}

export function successOf(row: { succeeded: number; failed: number }): number | null {
  const answered = row.succeeded + row.failed;
  return answered === 0 ? null : row.succeeded / answered;
}

type Row = [name: string, count: number, explanation: string];

function explained(
  page: Page,
  title: string,
  mark: (text: string) => string,
  rows: readonly Row[],
  whole: number,
): string[] {
  if (rows.length === 0) return [];
  const ordered = [...rows].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const heads = table(
    ordered.map(([name, count]) => [
      mark(name),
      formatCount(count),
      formatShare(whole > 0 ? count / whole : null),
    ]),
    'lrr',
  );
  const lines = ordered.flatMap(([, , explanation], index) => [
    `   ${heads[index]}`,
    ...(explanation === ''
      ? []
      : wrap(explanation, Math.max(30, page.columns - 5)).map((line) => page.style.dim(`     ${line}`))),
  ]);
  return ['', ` ${page.style.bold(title)}`, ...lines];
}

/** The most single hits that are shown to people: the rest is for programs. */
const MOST_SHOWN = 20;

/** Single hits, one a row. */
export function samplesSection(page: Page, samples: readonly SampleSummary[]): string[] {
  if (samples.length === 0) return [];
  const { dim, bold, good, bad } = page.style;
  const shown = spread(samples, MOST_SHOWN);
  const rows = shown.map((sample) => [
    dim(sample.sentAt.slice(11, 23)),
    sample.chosen,
    (sample.outcome === 'succeeded' ? good : bad)(sample.outcome),
    formatMs(sample.serviceTimeMs),
    printable([sample.method, sample.url, sample.error].filter((text) => text !== '').join(' ')),
  ]);
  const left = samples.length - shown.length;
  return [
    '',
    ` ${bold('Samples')}`,
    ...table(rows, 'lllrl').map((line) => `   ${line}`),
    ...(left === 0 ? [] : [dim(`   … and ${formatCount(left)} more in the JSON report`)]),
  ];
}

/** Some of them, in their order, as far apart as can be. */
function spread<T>(items: readonly T[], most: number): T[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, index) => items[Math.floor((index * items.length) / most)]!);
}

/** Times of nothing are no times. */
function timeOf(row: TargetRow, ms: number): number | null {
  return row.succeeded + row.failed === 0 ? null : ms;
}
