import { formatContentProblem } from '../template/check.ts';
import { formatDuration } from '../units/duration.ts';
import type { ScoutNews } from './scout.ts';

/** What a scout tells, for people: one line, and one for each problem with its place and excerpt. */
export function newsText(news: ScoutNews): string {
  switch (news.kind) {
    case 'offered':
      return `${news.content.kind} changed: a new set was checked and takes over (${news.content.digest.slice(0, 12)})`;
    case 'refused': {
      const problems = news.problems.map(formatContentProblem);
      return [`${news.content.kind} changed and are refused; the last good set goes on`, ...problems].join(
        '\n',
      );
    }
    case 'failed':
      return `sources cannot be read; the last good set goes on: ${news.message}`;
    case 'recovered': {
      const after = formatDuration(Math.max(1, Math.round(news.afterMs / 1000)) * 1000);
      return `sources are all right again, after ${after}`;
    }
  }
}
