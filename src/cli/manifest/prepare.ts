import type { LoadTest } from '../../api/loadtest.ts';
import { formatProblem, ProblemsError } from '../../api/problem.ts';
import type { RunSpec } from '../../api/run-spec.ts';
import { toRunSpec } from '../../api/to-run-spec.ts';
import { ContentLoader } from '../../source/content-loader.ts';
import { resolveProtocol } from '../../source/protocol-secrets.ts';
import type { LookAround, Sets } from '../../source/surroundings.ts';
import type { Content } from '../../template/content.ts';
import { failWith, type Manifest } from './load.ts';
import { FILES_HELP } from './surroundings.ts';

/** What a run of a manifest needs. */
export interface PreparedRun {
  /** As it was written, with defaults. */
  loadtest: LoadTest;
  spec: RunSpec;
  content: Content;
  /** What the content was loaded by; it belongs to whoever asked for the run, who closes it. */
  loader: ContentLoader;
}

/**
 * Puts a manifest into the units of the machine and collects its variables, templates or targets. Nothing of them is
 * compiled or run.
 * @param lookAround how a later look finds what stands beside the test; left out: as it is now
 * @throws UsageError with everything that is missing or not supported
 */
export async function prepareRun(
  manifest: Manifest,
  sets: Sets,
  lookAround?: LookAround,
): Promise<PreparedRun> {
  const { file, configMaps, secrets, baseDir } = manifest;
  const problems: string[] = [];
  const place = file === '' ? '' : `${file}: `;
  const attempt = async <T>(step: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await step();
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      problems.push(...error.problems.map((problem) => `${place}${formatProblem(problem)}`));
      return null;
    }
  };
  const spec = await attempt(() => toRunSpec(manifest.loadtest));
  const asItIs: LookAround = async () => ({ configMaps, secrets, sets, help: FILES_HELP });
  const loader = spec && new ContentLoader(spec, { lookAround: lookAround ?? asItIs, baseDir });
  const protocol =
    spec && (await attempt(() => resolveProtocol(spec.protocol, { secrets, help: FILES_HELP })));
  const content = loader && (await attempt(() => loader.look(new AbortController().signal)));
  if (content === null || protocol === null) await loader?.close();
  failWith(problems);
  return {
    loadtest: manifest.loadtest,
    spec: { ...spec!, protocol: protocol! },
    content: content!,
    loader: loader!,
  };
}
