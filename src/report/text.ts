import type { Verdict } from '../stop/verdict.ts';
import { SATURATED, UNREPORTED } from './explain.ts';
import { formatCount, formatRate } from './format.ts';
import { printable, table } from './layout.ts';
import {
  bytesSection,
  dropsSection,
  durationSection,
  failuresSection,
  figures,
  labelled,
  type Page,
  prose,
  samplesSection,
  statusesSection,
  successSection,
  targetsSection,
  timesSection,
} from './sections.ts';
import { type Style, styleFor } from './style.ts';
import type { Summary, SummaryCounts } from './summary.ts';

export interface TextOptions {
  /** Width at which prose is broken. Default 100. */
  columns?: number;
  /** Whether to mark up with colours. Default false. */
  colour?: boolean;
}

/** A summary for people: what ran, how it ended, what came back, and what can be done about what went wrong. */
export function reportText(summary: Summary, options: TextOptions = {}): string {
  const page: Page = { columns: options.columns ?? 100, style: styleFor(options.colour ?? false) };
  const { counts } = summary;
  const answered = counts.succeeded + counts.failed;
  const lines = [
    '',
    ...headSection(page, summary),
    '',
    ...hitsSection(page, 'Hits', counts),
    ...warmupSection(page, summary.warmup.counts),
    ...rateSection(page, summary),
    ...durationSection(page, summary.startedAt, summary.finishedAt),
    ...successSection(page, summary.success, counts),
    ...statusesSection(page, summary.statuses),
    ...(counts.sent > 0 ? bytesSection(page, summary.bytes, counts.sent) : []),
    ...votesSection(page, summary),
    ...templatesSection(page, summary),
    ...timesSection(page, [
      ['Service time', answered > 0 ? summary.serviceTimeMs : null],
      ['Response time', answered > 0 ? summary.responseTimeMs : null],
      ['Lag', counts.sent > 0 ? summary.lagMs : null],
    ]),
    ...targetsSection(
      page,
      Object.entries(summary.targets).map(([name, { counts: of, serviceTimeMs }]) => [
        name,
        { ...of, times: serviceTimeMs },
      ]),
    ),
    ...failuresSection(page, summary.failures, counts.sent),
    ...dropsSection(page, summary.drops, counts.scheduled),
    ...samplesSection(page, summary.samples),
    ...workersSection(page, summary),
    ...warningsSection(page, summary),
    '',
  ];
  return `${lines.join('\n')}\n`;
}

interface VerdictInWords {
  sign: string;
  words: string;
  mark: keyof Style;
}

const VERDICTS: Record<Verdict, VerdictInWords> = {
  Completed: { sign: '✔', words: 'Completed', mark: 'good' },
  StoppedByVotes: { sign: '✖', words: 'Stopped by votes', mark: 'bad' },
  StoppedByUser: { sign: '■', words: 'Stopped by the user', mark: 'warn' },
  Failed: { sign: '✖', words: 'Failed', mark: 'bad' },
};

/** A verdict with its sign, as every display shows it; of a run without one that it goes on. */
export function verdictText(verdict: Verdict | null, style: Style): string {
  if (verdict === null) return style.accent('▶ Running');
  const { sign, words, mark } = VERDICTS[verdict];
  return style[mark](`${sign} ${words}`);
}

function headSection(page: Page, summary: Summary): string[] {
  const { style } = page;
  const head = ` ${style.bold(verdictText(summary.verdict, style))}   ${style.bold(printable(summary.name))}`;
  return [head, ...(summary.reason === '' ? [] : prose(page, '', summary.reason))];
}

/** Hits by what became of them; what did not occur is left out. */
function hitsSection(page: Page, label: string, counts: SummaryCounts): string[] {
  const { warn, bad } = page.style;
  return figures(page, label, [
    `${formatCount(counts.scheduled)} scheduled`,
    `${formatCount(counts.sent)} sent`,
    ...(counts.dropped > 0 ? [warn(`${formatCount(counts.dropped)} dropped`)] : []),
    ...(counts.interrupted > 0 ? [warn(`${formatCount(counts.interrupted)} interrupted`)] : []),
    ...(counts.unreported > 0 ? [bad(`${formatCount(counts.unreported)} unreported`)] : []),
    ...(counts.inFlight > 0 ? [`${formatCount(counts.inFlight)} in flight`] : []),
  ]);
}

function warmupSection(page: Page, counts: SummaryCounts): string[] {
  if (counts.scheduled === 0 && counts.sent === 0) return [];
  return [
    ...hitsSection(page, 'Warm-up', counts),
    ...prose(page, '', 'Its hits are part of no other figure here.'),
  ];
}

function rateSection(page: Page, { rate }: Summary): string[] {
  return figures(page, 'Rate', [
    `${formatRate(rate.target)} asked`,
    `${page.style.bold(formatRate(rate.achieved))} achieved`,
  ]);
}

function votesSection(page: Page, { votes, verdict }: Summary): string[] {
  if (votes.limit === 0) return [];
  const mark =
    verdict === 'StoppedByVotes' ? page.style.bad : votes.highest > 0 ? page.style.warn : page.style.good;
  const reasons = votes.workers
    .filter((worker) => worker.votes > 0)
    .map((worker) =>
      printable(`${worker.name}: ${worker.votes}${worker.reason === '' ? '' : `, ${worker.reason}`}`),
    );
  return labelled(page, 'Stop votes', [
    `${mark(String(votes.highest))} of ${votes.limit}`,
    ...reasons.map(page.style.dim),
  ]);
}

/** Which set was sent is of interest where it changed, or should have. */
function templatesSection(page: Page, { templates }: Summary): string[] {
  const { digest, workersUpdated, applied, refused, lastError } = templates;
  if (applied + refused === 0 && lastError === '') return [];
  const { bad } = page.style;
  return [
    ...figures(page, 'Templates', [
      `set ${digest.slice(0, 12)} on ${workersUpdated} workers`,
      `${formatCount(applied)} changed`,
      ...(refused > 0 ? [bad(`${formatCount(refused)} refused`)] : []),
    ]),
    ...(lastError === '' ? [] : prose(page, '', `The last error: ${lastError}`)),
  ];
}

/** Workers are of interest where there are several, or where something happened to one. */
function workersSection(page: Page, { workers }: Summary): string[] {
  if (workers.length < 2 && !workers.some((worker) => worker.problem !== '')) return [];
  const { dim, bad } = page.style;
  const rows = workers.map((worker) => [
    printable(worker.name),
    worker.state,
    formatCount(worker.lanes),
    formatCount(worker.sent),
    formatCount(worker.dropped),
    formatCount(worker.unreported),
    bad(printable(worker.problem)),
  ]);
  const head = ['Worker', 'state', 'lanes', 'sent', 'dropped', 'unreported', ''].map(dim);
  return ['', ...table([head, ...rows], 'llrrrrl').map((line) => ` ${line}`)];
}

function warningsSection(page: Page, summary: Summary): string[] {
  const { warn } = page.style;
  return [
    ...(summary.counts.unreported > 0 ? ['', ...prose(page, warn('Unreported'), UNREPORTED)] : []),
    ...(summary.generatorSaturated ? ['', ...prose(page, warn('Saturated'), SATURATED)] : []),
  ];
}
