import { formatCount, formatRate, plural } from './format.ts';
import { printable } from './layout.ts';
import type { ResultsReport } from './results-tally.ts';
import {
  bytesSection,
  durationSection,
  failuresSection,
  figures,
  type Page,
  statusesSection,
  successSection,
  targetsSection,
  timesSection,
} from './sections.ts';
import { styleFor } from './style.ts';
import type { TextOptions } from './text.ts';
import { type VegetaFigures, vegetaText } from './vegeta-text.ts';

/** What result files tell, for people, followed by the lines of Vegeta's own report. */
export function resultsText(report: ResultsReport, vegeta: VegetaFigures, options: TextOptions = {}): string {
  const page: Page = { columns: options.columns ?? 100, style: styleFor(options.colour ?? false) };
  const { style } = page;
  const { counts } = report;
  const lines = [
    '',
    ` ${style.bold(report.files.map(printable).join(', '))}   ${plural(report.attacks, 'attack')}`,
    '',
    ...figures(page, 'Hits', [
      `${formatCount(counts.sent)} sent`,
      ...(counts.interrupted > 0 ? [style.warn(`${formatCount(counts.interrupted)} interrupted`)] : []),
      ...(report.drops.local > 0
        ? [style.warn(`${formatCount(report.drops.local)} could not leave this machine`)]
        : []),
    ]),
    ...figures(page, 'Rate', [`${style.bold(formatRate(report.rate.achieved))} achieved`]),
    ...durationSection(page, report.startedAt, report.finishedAt),
    ...successSection(page, report.success, counts),
    ...statusesSection(page, report.statuses),
    ...(counts.sent > 0 ? bytesSection(page, report.bytes, counts.sent) : []),
    ...timesSection(page, [
      ['Service time', report.serviceTimeMs],
      ['Response time', report.responseTimeMs],
      ['Lag', report.lagMs],
    ]),
    ...targetsSection(
      page,
      Object.entries(report.targets).map(([name, { counts: of, serviceTimeMs }]) => [
        name,
        { ...of, dropped: null, times: serviceTimeMs },
      ]),
    ),
    ...failuresSection(page, report.failures, counts.sent),
    '',
    ` ${style.bold('As Vegeta reports it')}`,
    ...vegetaText({ ...vegeta, errors: vegeta.errors.map(printable) }).map((line) => `   ${line}`),
    '',
  ];
  return `${lines.join('\n')}\n`;
}
