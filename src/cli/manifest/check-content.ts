import { CheckError, type ContentProblem, checkContent, formatContentProblem } from '../../template/check.ts';
import type { Content } from '../../template/content.ts';
import type { ProtocolKind } from '../../transport/protocol.ts';
import { UsageError } from '../errors.ts';

/** Tries templates or targets before they are used. @throws UsageError with everything that is wrong in them */
export async function requireGoodContent(content: Content, protocol: ProtocolKind): Promise<void> {
  const problems = await checked(content, protocol);
  if (problems.length === 0) return;
  const what = content.kind === 'templates' ? 'templates' : 'targets';
  const lines = problems.flatMap((problem) => formatContentProblem(problem).split('\n'));
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  throw new UsageError(`${count} in the ${what}`, lines);
}

async function checked(content: Content, protocol: ProtocolKind): Promise<ContentProblem[]> {
  try {
    return await checkContent(content, protocol);
  } catch (error) {
    throw error instanceof CheckError ? new UsageError(error.message) : error;
  }
}
