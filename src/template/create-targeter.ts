import type { Targeter } from '../attack/targeter.ts';
import { CannedTargeter } from '../target/canned-targeter.ts';
import type { Target, TargetParser } from '../target/target.ts';
import type { TargetLines } from '../target/target-lines.ts';
import type { Content, LaneIdentity } from './content.ts';
import { TemplateTargeter } from './template-targeter.ts';

/**
 * What gives a lane its targets, rendered or canned.
 * @param lines where the lines of canned targets stand; null for templates
 * @throws TemplateError or TargetError when the content cannot be used
 */
export function createTargeter<T extends Target>(
  content: Content,
  identity: LaneIdentity,
  parse: TargetParser<T>,
  lines: TargetLines | null,
): Targeter<T> {
  if (content.kind === 'templates') return new TemplateTargeter(content, identity, parse);
  if (lines === null) throw new TypeError('canned targets need the places of their lines');
  return new CannedTargeter(content, lines, parse);
}
