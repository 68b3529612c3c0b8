import { systemClock } from '../../attack/clock.ts';
import { type ContentTaker, Scout } from '../../source/scout.ts';
import { newsText } from '../../source/scout-news.ts';
import { checkContent } from '../../template/check.ts';
import type { PreparedRun } from '../manifest/prepare.ts';

/**
 * What looks at the sources of a test while it runs on this machine.
 * @param note takes messages for people
 */
export function scoutFor(
  { spec, content, loader }: PreparedRun,
  taker: ContentTaker,
  note: (text: string) => void,
): Scout {
  return new Scout({ loader, reloadMs: spec.source.reloadMs }, content, {
    clock: systemClock,
    random: Math.random,
    taker,
    check: (found, signal) => checkContent(found, 'http', { signal }),
    tell: (news) => {
      const text = newsText(news);
      if (text !== null) note(text);
    },
  });
}
