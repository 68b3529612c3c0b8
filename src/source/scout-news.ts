import { formatContentProblem } from '../template/check.ts';
import { formatDuration } from '../units/duration.ts';
import type { ScoutNews } from './scout.ts';

/** What a scout tells, for people, as far as the taker of its content does not tell it already; null: it does. */
export function newsText(news: ScoutNews): string | null {
  switch (news.kind) {
    case 'offered':
    case 'failed':
      return null;
    case 'refused': {
      const [first, ...others] = news.problems;
      const lines = [first?.excerpt ?? '', ...others.map(formatContentProblem)];
      const text = lines.filter((line) => line !== '').join('\n');
      return text === '' ? null : text;
    }
    case 'recovered': {
      const after = formatDuration(Math.max(1, Math.round(news.afterMs / 1000)) * 1000);
      return `the sources are all right again, after ${after}`;
    }
  }
}
