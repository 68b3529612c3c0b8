import { setTimeout } from 'node:timers/promises';
import { runInNewContext } from 'node:vm';
import { AllowedHosts } from '../../target/allowed-hosts.ts';
import { guarded, TARGET_PARSERS } from '../../target/parsers.ts';
import type { TargetParser } from '../../target/target.ts';
import type { ProtocolKind } from '../../transport/protocol.ts';
import type { ContentProblem } from '../check.ts';
import type { Content, TemplateContent } from '../content.ts';
import { RENDER_PATH_LENGTH } from '../template-set.ts';
import { checkTargets } from './check-targets.ts';
import { checkTemplates } from './check-templates.ts';
import { Problems } from './problems.ts';

/** The process of a check: asked once by its parent, it answers and is ended. */

export interface CheckRequest {
  content: Content;
  protocol: ProtocolKind;
  renders: number;
  timeLimitMs: number;
  /** Patterns of the hosts that may be sent to, see `AllowedHosts`; none: all. */
  allowedHosts: readonly string[];
}

export type CheckAnswer =
  /** It has begun: time counts from here. */
  { type: 'started' } | { type: 'done'; problems: ContentProblem[] };

/** How long to wait for what rendering left behind. */
const STRAY_MS = 10;

function tell(answer: CheckAnswer): void {
  process.send!(answer);
}

async function check(request: CheckRequest): Promise<void> {
  const { content, protocol, allowedHosts } = request;
  const parse = guarded(TARGET_PARSERS[protocol], new AllowedHosts(allowedHosts));
  const problems = new Problems();
  const template = content.kind === 'templates' ? content.entry : '';
  const stray = (what: string) => (reason: unknown) => {
    const said = reason instanceof Error ? reason.message : String(reason);
    problems.addError(new Error(`${what}, which would end a lane: ${said}`), template);
  };
  process.on('unhandledRejection', stray('it leaves a rejected promise behind'));
  process.on('uncaughtException', stray('it throws in a timer or callback'));
  tell({ type: 'started' });
  if (content.kind === 'templates') checkInTime(content, parse, request, problems);
  else await checkTargets(content, parse, problems);
  // Rejections and timers come to light behind the tasks that made them.
  await setTimeout(STRAY_MS);
  tell({ type: 'done', problems: problems.all });
}

/** Ends what is still being rendered at the time limit, and says in which template. */
function checkInTime(
  content: TemplateContent,
  parse: TargetParser,
  { renders, timeLimitMs }: CheckRequest,
  problems: Problems,
): void {
  const path = new Int32Array(RENDER_PATH_LENGTH);
  let names: string[] = [];
  // Half of the limit, so that what is slow but ends is not taken for a loop.
  const until = performance.now() + timeLimitMs / 2;
  const work = () => {
    checkTemplates(content, parse, problems, {
      renders,
      hasTime: () => performance.now() < until,
      path,
      compiled: (compiled) => {
        names = compiled;
      },
    });
  };
  try {
    runInNewContext('work()', { work }, { timeout: timeLimitMs });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    const open = names[path[path[0]!]!] ?? content.entry;
    const said = `it is still being rendered after ${timeLimitMs / 1000} s: does a loop in it never end?`;
    problems.addError(new Error(said), open);
  }
}

process.once('message', (request: CheckRequest) => {
  void check(request);
});
