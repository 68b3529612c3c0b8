import { describeFailure, UsageError } from '../errors.ts';
import type { TestOptions } from '../run/prepare.ts';
import { watchContent } from '../watch/watch-content.ts';
import type { RenderableTest } from './rendered.ts';

const CLEAR_SCREEN = '\x1b[H\x1b[2J';

/**
 * Shows targets again whenever something that they are made from changes, and what is wrong in their place, until SIGINT
 * or SIGTERM. On a terminal each has the screen for itself, elsewhere a line with the time stands before it.
 * @param show prints targets; what it throws as UsageError is shown
 */
export async function showOnChanges(
  options: TestOptions,
  show: (test: RenderableTest) => Promise<void>,
): Promise<void> {
  const ending = new AbortController();
  const end = (): void => ending.abort();
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  for await (const found of watchContent(options, ending.signal)) {
    const at = new Date().toTimeString().slice(0, 8);
    process.stdout.write(process.stdout.isTTY ? CLEAR_SCREEN : `--- ${at}\n`);
    try {
      if (found instanceof UsageError) throw found;
      await show(found);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      process.stdout.write(describeFailure(error, false).text);
    }
    if (process.stdout.isTTY) process.stdout.write(`\n${at}  shown again on each save; Ctrl-C ends\n`);
  }
  process.off('SIGINT', end);
  process.off('SIGTERM', end);
}
