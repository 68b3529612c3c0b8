import { Masker } from '../../report/mask.ts';
import { TARGET_PARSERS } from '../../target/parsers.ts';
import type { Target, TargetParser } from '../../target/target.ts';
import { TargetError } from '../../target/target-error.ts';
import { openTargets } from '../../target/target-lines.ts';
import { createTargeter } from '../../template/create-targeter.ts';
import { TemplateError } from '../../template/template-error.ts';
import { UsageError } from '../errors.ts';
import { requireGoodContent } from '../manifest/check-content.ts';
import type { PreparedRun } from '../manifest/prepare.ts';

/** A target, and the text that it was read from. */
export type RenderedTarget = Target & { readonly json: string };

/** As much of a test as says what its targets are. */
export type RenderableTest = Pick<PreparedRun, 'spec' | 'content'>;

/** The targets of a test, one after another, as the first lane of its first worker sends them. */
export interface Rendered {
  /** How many there are; infinite where they are rendered, or loop. */
  count: number;
  /** @throws UsageError when rendering fails */
  next: (hit: number) => { target: RenderedTarget; label: string };
  /** Takes secrets out of what is printed. */
  masker: Masker;
  /** Whether there are secrets that it takes out. */
  isMasked: boolean;
}

/** @throws UsageError with everything that is wrong with the templates or targets */
export async function openRendered(
  { spec, content }: RenderableTest,
  { secrets }: { secrets: boolean },
): Promise<Rendered> {
  const { kind } = spec.protocol;
  await requireGoodContent(content, kind);
  const parse: TargetParser<RenderedTarget> = (json, bodies) => ({
    ...TARGET_PARSERS[kind](json, bodies),
    json: bodies?.written(json) ?? json,
  });
  const lines = content.kind === 'targets' ? await openTargets(content.files) : null;
  const targeter = createTargeter(content, { lane: 0, lanes: 1, replacement: 0 }, parse, lines);
  const hidden = secrets ? [] : content.secrets.flatMap((name) => content.variables[name] ?? []);
  const masker = new Masker(hidden);
  return {
    count: content.kind === 'targets' && !content.loop ? content.count : Number.POSITIVE_INFINITY,
    next: (hit) => {
      try {
        const target = targeter.next(hit);
        return { target, label: content.labels[targeter.label]! };
      } catch (error) {
        throw usageError(error, masker);
      }
    },
    masker,
    isMasked: hidden.length > 0,
  };
}

function usageError(error: unknown, masker: Masker): unknown {
  if (!(error instanceof TemplateError || error instanceof TargetError)) return error;
  const excerpt = error instanceof TemplateError && error.excerpt !== null ? error.excerpt.split('\n') : [];
  return new UsageError(masker.text(error.message), excerpt, { cause: error });
}
