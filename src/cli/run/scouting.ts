import type { RunSpec } from '../../api/run-spec.ts';
import { systemClock } from '../../attack/clock.ts';
import { type ContentTaker, Scout } from '../../source/scout.ts';
import { newsText } from '../../source/scout-news.ts';
import { type CheckOptions, checkContent } from '../../template/check.ts';
import type { PreparedRun } from '../manifest/prepare.ts';

/** How often sources are looked at with `--watch` where the test does not say, in ms. Folders tell of changes besides. */
const WATCHED_RELOAD_MS = 10_000;

/** Beside a load that has all the cores, a check takes its time. */
const IN_BACKGROUND: CheckOptions = { background: true, timeLimitMs: 10_000 };

/** How often the sources of a test are looked at, in ms; null: only when it is asked for. @param watched with `--watch` */
export function reloadMsOf({ source }: RunSpec, watched: boolean): number | null {
  return source.reloadMs ?? (watched ? WATCHED_RELOAD_MS : null);
}

/** What to say where somebody asked for a look and there was nothing new. @param watched with `--watch` */
export function unchangedText({ source }: RunSpec, watched: boolean): string {
  const isWritten = source.from.every((item) => 'inline' in item);
  if (watched || !isWritten) return 'looked again: what is sent has not changed';
  return `looked again: all ${source.kind} stand in the manifest, which is read again only with --watch`;
}

/**
 * What looks at the sources of a test while it runs on this machine.
 * @param note takes messages for people
 */
export function scoutFor(
  { spec, content, loader }: PreparedRun,
  taker: ContentTaker,
  note: (text: string) => void,
  watched = false,
): Scout {
  return new Scout({ loader, reloadMs: reloadMsOf(spec, watched) }, content, {
    clock: systemClock,
    random: Math.random,
    taker,
    check: (found, signal) => checkContent(found, spec.protocol.kind, { ...IN_BACKGROUND, signal }),
    tell: (news) => {
      const text = newsText(news);
      if (text !== null) note(text);
    },
  });
}
