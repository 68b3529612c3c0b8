import { formatProblem, ProblemsError } from '../../api/problem.ts';
import type { RunSpec } from '../../api/run-spec.ts';
import { toRunSpec } from '../../api/to-run-spec.ts';
import { TargetError } from '../../target/target-error.ts';
import type { Content, EventOptions } from '../../template/content.ts';
import { makeCannedContent, makeTemplateContent } from '../../template/make-content.ts';
import { failWith, type Manifest } from './load.ts';
import { resolveProtocol } from './protocol-secrets.ts';
import type { Sets } from './sets.ts';
import { type ResolvedSource, resolveSources } from './sources.ts';
import { type ResolvedVariables, resolveVariables } from './variables.ts';

/** What a run of a manifest needs. */
export interface PreparedRun {
  spec: RunSpec;
  content: Content;
}

/**
 * Puts a manifest into the units of the machine and collects its variables, templates or targets. Nothing of them is
 * compiled or run.
 * @throws UsageError with everything that is missing or not supported
 */
export async function prepareRun(manifest: Manifest, sets: Sets): Promise<PreparedRun> {
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
  const variables =
    spec && (await attempt(() => resolveVariables(spec.variables, { configMaps, secrets, sets })));
  const source = spec && (await attempt(() => resolveSources(spec.source, { configMaps, baseDir })));
  const protocol = spec && (await attempt(() => resolveProtocol(spec.protocol, secrets)));
  const content = variables && source && (await attempt(() => contentOf(spec.events, variables, source)));
  failWith(problems);
  return { spec: { ...spec!, protocol: protocol! }, content: content! };
}

async function contentOf(
  events: EventOptions,
  variables: ResolvedVariables,
  source: ResolvedSource,
): Promise<Content> {
  if (source.kind === 'templates') {
    const { entry, files } = source;
    return makeTemplateContent({ entry, files, events, ...variables });
  }
  const { files, loop } = source;
  try {
    const content = await makeCannedContent({ files, loop, ...variables });
    if (content.count > 0) return content;
    throw problem('there is no target in the sources of targets');
  } catch (error) {
    if (error instanceof TargetError) throw problem(error.message);
    throw error;
  }
}

function problem(message: string): ProblemsError {
  return new ProblemsError([{ path: 'spec.targets.from', value: undefined, message }]);
}
