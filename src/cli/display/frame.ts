import type { RunSnapshot, WorkerSnapshot } from '../../coordinator/snapshot.ts';
import { DROP_REASONS } from '../../metrics/outcome.ts';
import { formatCount, formatMs, formatRate, formatShare, formatSpan } from '../../report/format.ts';
import { cut, padEnd, padStart, printable, table, widthOf } from '../../report/layout.ts';
import { type Style, styleFor } from '../../report/style.ts';
import { verdictText } from '../../report/text.ts';
import { progressBar, sparkline, voteDots } from './chart.ts';
import { KEY_HELP } from './keys.ts';
import { type DisplayState, shownCounts } from './state.ts';

/** Wider than this nothing gains from more room. */
const WIDEST = 100;
const LABEL = 9;
/** A column of figures, so that they stand below one another from line to line. */
const FIGURE = 18;
/** Room for `  rate, up to 1,234,567/s`. */
const CAPTION = 26;
const FEWEST_SPARKS = 8;

/** What can be done by keys. */
export interface Controls {
  /** true: all keys are shown, in place of figures, which would leave no room for them. */
  help: boolean;
  /** What somebody has changed by keys, in words; empty: nothing. */
  steered: string;
}

/**
 * The live block as lines of at most `columns`; empty while there is nothing to show.
 * @param controls null: there are no keys
 */
export function frame(
  state: DisplayState,
  columns: number,
  colour: boolean,
  controls: Controls | null = null,
): string[] {
  const { snapshot } = state;
  if (!snapshot) return [];
  const width = Math.min(columns, WIDEST);
  const style = styleFor(colour);
  const body = controls?.help ? keyHelp(style) : figures(snapshot, state, width, style);
  const lines = [
    ...head(snapshot, width, style),
    '',
    ...body,
    ...(controls === null ? [] : controlLines(controls, style)),
  ];
  return lines.map((line) => cut(line, columns));
}

function figures(snapshot: RunSnapshot, state: DisplayState, width: number, style: Style): string[] {
  return [
    ...traffic(snapshot, state, style),
    '',
    ...times(snapshot, state, style),
    '',
    ...charts(state, width, style),
    ...judgement(snapshot, style),
    ...workers(snapshot.workers, style),
    ...templates(snapshot, style),
  ];
}

/** What a run is doing, in one or two words. */
export function phaseText(snapshot: RunSnapshot, style: Style): string {
  if (snapshot.verdict !== null) return verdictText(snapshot.verdict, style);
  if (snapshot.suspended) return style.warn('⏸ Suspended');
  switch (snapshot.phase) {
    case 'Preparing':
      return style.warn('◌ Preparing');
    case 'Draining':
      return style.accent('◌ Waiting for answers');
    case 'Ended':
      return style.dim('■ Ended');
    case 'Running':
      return snapshot.warmingUp ? style.warn('▶ Warming up') : style.accent('▶ Running');
  }
}

function head(snapshot: RunSnapshot, width: number, style: Style): string[] {
  const name = ` ${style.bold(printable(snapshot.name))}  ${phaseText(snapshot, style)}`;
  const run = style.dim(`run ${printable(snapshot.run)}`);
  const gap = width - widthOf(name) - widthOf(run) - 1;
  return ['', gap > 1 ? `${name}${' '.repeat(gap)}${run}` : name, ...progress(snapshot, width, style)];
}

function progress(snapshot: RunSnapshot, width: number, style: Style): string[] {
  const { durationMs, scheduleMs, elapsedMs } = snapshot;
  if (durationMs === null)
    return [` ${style.dim('running for')} ${formatSpan(elapsedMs)}${style.dim(', until it is stopped')}`];
  const share = durationMs > 0 ? Math.min(1, scheduleMs / durationMs) : 1;
  const leftMs = Math.max(0, durationMs - scheduleMs);
  // A second that has begun is still to come: `0s left` only at the end.
  const left = `${formatSpan(Math.min(scheduleMs, durationMs))} of ${formatSpan(durationMs)}, ${formatSpan(Math.ceil(leftMs / 1000) * 1000)} left`;
  const text = `${padStart(`${Math.floor(share * 100)}%`, 4)}  ${style.dim(left)}`;
  // The room of the longest text, so that the bar does not change its length from second to second.
  const room = Math.max(10, width - 3 - Math.max(widthOf(text), 26));
  const bar = progressBar(share, room);
  return [` ${style.accent(bar.done)}${style.dim(bar.left)} ${text}`];
}

function traffic(snapshot: RunSnapshot, state: DisplayState, style: Style): string[] {
  const counts = shownCounts(snapshot);
  const answered = counts.succeeded + counts.failed;
  const success = answered === 0 ? null : counts.succeeded / answered;
  const share = formatShare(success);
  const mark = success === null ? style.dim : success >= 1 ? style.good : style.bad;
  const failures = Object.entries(snapshot.tally.failures())
    .sort(([, a], [, b]) => b - a)
    .slice(0, 3)
    .map(([name, count]) => `${name} ${formatCount(count)}`);
  const drops = DROP_REASONS.filter((reason) => counts.drops[reason] > 0).map(
    (reason) => `${reason} ${formatCount(counts.drops[reason])}`,
  );
  return [
    row('rate', style, [
      `${style.bold(formatRate(rounded(state.recent.rate)))} ${style.dim('now')}`,
      `${formatRate(snapshot.targetRate)} ${style.dim('asked')}`,
      `${formatCount(counts.inFlight)} ${style.dim('in flight')}`,
    ]),
    row('hits', style, [
      `${formatCount(counts.sent)} ${style.dim('sent')}`,
      counts.dropped > 0
        ? `${style.warn(`${formatCount(counts.dropped)} dropped`)}  ${style.dim(drops.join(' · '))}`
        : `0 ${style.dim('dropped')}`,
    ]),
    row('success', style, [
      style.bold(mark(share)),
      counts.failed > 0
        ? `${style.bad(`${formatCount(counts.failed)} failed`)}  ${style.dim(failures.join(' · '))}`
        : `0 ${style.dim('failed')}`,
    ]),
  ];
}

/** A measured rate without the digits that only tell the noise of counting. */
function rounded(rate: number): number {
  return rate >= 100 ? Math.round(rate) : rate;
}

function times({ tally }: RunSnapshot, { recent }: DisplayState, style: Style): string[] {
  const { service, lag } = tally;
  const answered = service.total > 0;
  const all = (ms: number) => formatMs(answered ? ms : null);
  const { p50, p95, p99, max } = service.timesMs();
  const { p50: lag50, p95: lag95, p99: lag99, max: lagMax } = lag.timesMs();
  const lagged = (ms: number) => formatMs(lag.total > 0 ? ms : null);
  const head = ['p50', 'p95', 'p99', 'max'].map((name) => padStart(name, 8));
  return table(
    [
      [` ${padEnd('', LABEL)}`, ...head].map(style.dim),
      [
        label('last 5s', style),
        formatMs(recent.p50),
        formatMs(recent.p95),
        style.bold(formatMs(recent.p99)),
        '',
      ],
      [label('whole run', style), all(p50), all(p95), all(p99), all(max)],
      [label('lag', style), lagged(lag50), lagged(lag95), lagged(lag99), lagged(lagMax)],
    ],
    'lrrrr',
  );
}

function charts({ history }: DisplayState, width: number, style: Style): string[] {
  const room = width - LABEL - 2 - CAPTION;
  if (history.length < 2 || room < FEWEST_SPARKS) return [];
  const rates = history.map(({ rate }) => rate);
  const p99s = history.map(({ p99 }) => p99);
  const shown = Math.min(history.length, room);
  const most = (values: readonly (number | null)[]) =>
    Math.max(0, ...values.slice(-shown).map((value) => value ?? 0));
  const sparks = (
    values: readonly (number | null)[],
    mark: (text: string) => string,
    name: string,
    top: string,
  ) => `${mark(sparkline(values, shown))}  ${style.dim(`${name}, up to`)} ${top}`;
  return [
    row('history', style, [sparks(rates, style.accent, 'rate', formatRate(rounded(most(rates))))]),
    row('', style, [sparks(p99s, style.warn, 'p99', formatMs(most(p99s)))]),
    '',
  ];
}

/** The votes, and whether this machine is fast enough for them to count. */
function judgement({ votes, generatorSaturated }: RunSnapshot, style: Style): string[] {
  const lines: string[] = [];
  if (votes.limit > 0) {
    const { lit, unlit } = voteDots(votes.highest, votes.limit);
    const leader = votes.workers.find((worker) => worker.votes === votes.highest && worker.votes > 0);
    const reason = leader ? `  ${style.dim(printable(`${leader.name}: ${leader.reason}`))}` : '';
    lines.push(
      row('votes', style, [`${style.bad(lit)}${style.dim(unlit)} ${votes.highest}/${votes.limit}${reason}`]),
    );
  }
  if (generatorSaturated) {
    lines.push(
      row('', style, [
        style.warn('this generator was too slow in some windows: its delay shows in the figures'),
      ]),
    );
  }
  return lines;
}

/** Only where something is not as usual. */
function workers(all: readonly WorkerSnapshot[], style: Style): string[] {
  const unusual = all.filter(
    ({ state, problem }) => problem !== '' || (state !== 'running' && state !== 'ended'),
  );
  if (unusual.length === 0) return [];
  const byState = new Map<string, number>();
  for (const { state } of all) byState.set(state, (byState.get(state) ?? 0) + 1);
  const states = [...byState].map(([state, count]) => `${count} ${state}`).join(', ');
  const problems = unusual
    .filter(({ problem }) => problem !== '')
    .slice(0, 3)
    .map(({ name, problem }) => row('', style, [style.bad(printable(`${name}: ${problem}`))]));
  return [row('workers', style, [states]), ...problems];
}

/** Only where they have changed, or should have. */
function templates({ phase, templates }: RunSnapshot, style: Style): string[] {
  const { digest, updated, of, applied, refused, lastError } = templates;
  const isUsual = applied + refused === 0 && lastError === '' && (updated === of || phase === 'Preparing');
  if (isUsual) return [];
  const workers = updated === of ? `${updated}/${of} workers` : style.warn(`${updated}/${of} workers`);
  return [
    row('templates', style, [`${digest.slice(0, 12)} ${style.dim('on')} ${workers}`]),
    ...(lastError === '' ? [] : [row('', style, [style.bad(printable(`last error: ${lastError}`))])]),
  ];
}

function keyHelp(style: Style): string[] {
  return [
    ...table(
      KEY_HELP.map(({ keys, does }) => [` ${style.accent(keys)}`, style.dim(does)]),
      'll',
    ),
    '',
  ];
}

function controlLines({ steered }: Controls, style: Style): string[] {
  const hints = [
    ['↑ ↓', 'rate'],
    ['p', 'pause'],
    ['r', 'reload'],
    ['q', 'stop'],
    ['?', 'all keys'],
  ].map(([key, does]) => `${style.accent(key!)} ${style.dim(does!)}`);
  return [
    ...(steered === '' ? [] : [row('by keys', style, [style.warn(steered)])]),
    row('keys', style, [hints.join(style.dim(' · '))]),
  ];
}

function label(text: string, style: Style): string {
  return ` ${style.dim(padEnd(text, LABEL))}`;
}

function row(name: string, style: Style, figures: readonly string[]): string {
  return `${label(name, style)} ${figures.map((figure) => padEnd(figure, FIGURE)).join(' ')}`.trimEnd();
}
