import { ProblemsError } from '../../api/problem.ts';
import { UsageError } from '../errors.ts';
import type { PreparedRun } from '../manifest/prepare.ts';
import type { RenderableTest } from '../render/rendered.ts';
import { prepareTest, type TestOptions } from '../run/prepare.ts';
import { Bell } from './bell.ts';
import { FileWatch } from './file-watch.ts';

/** How often sources are looked at besides what folders tell, in ms. */
const LOOK_EVERY_MS = 1000;
/** How long a changed folder has to be quiet, in ms. */
const QUIET_MS = 50;

/**
 * What a test sends, now and again whenever its manifest, the folders of its sources or what else it is made of changes;
 * or what is wrong with it. The same is not told twice in a row. It ends when `signal` is aborted.
 */
export async function* watchContent(
  options: TestOptions,
  signal: AbortSignal,
): AsyncGenerator<RenderableTest | UsageError> {
  const bell = new Bell();
  const onAbort = (): void => bell.ring();
  signal.addEventListener('abort', onAbort);
  let isNew = true;
  const files = await FileWatch.start(options.file ?? [], {
    changed: () => {
      isNew = true;
      bell.ring();
    },
  });
  let test: PreparedRun | null = null;
  let told: string | null = null;
  try {
    while (!signal.aborted) {
      let found: RenderableTest | UsageError;
      try {
        if (test === null || isNew) {
          isNew = false;
          await test?.loader.close();
          test = null;
          test = await prepareTest(options);
          test.loader.watch(() => setTimeout(onAbort, QUIET_MS));
        }
        found = { spec: test.spec, content: await test.loader.look(signal) };
      } catch (error) {
        found = inWords(error);
      }
      const what = fingerprint(found);
      if (what !== told && !signal.aborted) {
        told = what;
        yield found;
      }
      await bell.heard(LOOK_EVERY_MS);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    files.close();
    await test?.loader.close();
  }
}

/** @throws what is no user's doing */
function inWords(error: unknown): UsageError {
  if (error instanceof UsageError) return error;
  if (error instanceof ProblemsError) return new UsageError(error.message, [], { cause: error });
  throw error;
}

/** The same text for what looks the same. */
function fingerprint(found: RenderableTest | UsageError): string {
  if (found instanceof UsageError) return [found.message, ...found.problems].join('\n');
  return `${found.spec.protocol.kind} ${found.content.digest}`;
}
