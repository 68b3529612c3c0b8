import { functionNames } from '../functions/function-table.ts';
import { didYouMean } from '../near-names.ts';
import { PrintError } from '../print.ts';
import { type Place, TemplateError } from '../template-error.ts';
import { CODE_NAME, type CompiledTemplate } from './compile.ts';
import { originOf } from './generate.ts';
import { hintFor } from './other-languages.ts';

/** How many of the templates that include one another an error names. */
const MOST_INCLUDERS = 3;

/**
 * What a render threw, as an error with the place in the template where it was thrown. The place comes from the stack
 * trace, so that it is exact and costs nothing while nothing fails.
 * @param open the templates that were being rendered, by index, from the outermost to the innermost
 * @param entry the template that was to be rendered
 * @param it what templates know as `it`
 */
export function locateError(
  error: unknown,
  templates: CompiledTemplate[],
  open: readonly number[],
  entry: string,
  it: object,
): TemplateError {
  if (error instanceof TemplateError) return error;
  const [innermost, ...outer] = templateFrames(error).filter((frame) => frame.index < templates.length);
  if (!innermost) {
    const failed = open.length > 0 ? templates[open.at(-1)!]! : null;
    const place = failed && placeOfThrow(failed);
    return new TemplateError(failed?.name ?? entry, failed?.text ?? '', place, reasonOf(error), {
      cause: error,
    });
  }
  const template = templates[innermost.index]!;
  const { tag, place } = originOf(template.origins, innermost.line, innermost.column);
  const reason = error instanceof PrintError && tag ? printReason(tag.code, error, it) : reasonOf(error);
  const way = wayTo(innermost, outer, templates, open);
  return new TemplateError(template.name, template.text, place, reason + way, { cause: error });
}

/** ` (included by b.json:3, a.json:1)`, the nearest first. Stack traces are short, so lines may be missing. */
function wayTo(
  innermost: Frame,
  outer: Frame[],
  templates: CompiledTemplate[],
  open: readonly number[],
): string {
  const calls = outer.filter((frame, i) => frame.index !== (i === 0 ? innermost : outer[i - 1]!).index);
  const includers = open.slice(0, -1).reverse();
  if (includers.length === 0) return '';
  const shown = includers.slice(0, MOST_INCLUDERS).map((index, i) => {
    const { name, origins } = templates[index]!;
    const call = calls[i];
    return call?.index === index ? `${name}:${originOf(origins, call.line, call.column).place.line}` : name;
  });
  return ` (included by ${shown.join(', ')}${includers.length > MOST_INCLUDERS ? ', …' : ''})`;
}

/** A place in one of a set's templates that a stack trace goes through. */
interface Frame {
  index: number;
  /** Line and column of the generated code, from 1. */
  line: number;
  column: number;
}

const FRAME = new RegExp(`${CODE_NAME}(\\d+):(\\d+):(\\d+)`, 'g');

/** The places in templates of an error's stack trace, the innermost first. */
function templateFrames(error: unknown): Frame[] {
  const frames: Frame[] = [];
  for (const match of stackOf(error).matchAll(FRAME)) {
    frames.push({ index: Number(match[1]), line: Number(match[2]), column: Number(match[3]) });
  }
  return frames;
}

function stackOf(error: unknown): string {
  try {
    const { stack } = error as Error;
    return typeof stack === 'string' ? stack : '';
  } catch {
    return '';
  }
}

/** What is thrown without being an error has no stack trace; a tag that throws is the likely place. */
function placeOfThrow(template: CompiledTemplate): Place | null {
  for (const part of template.parts) {
    if (part.kind === 'text') continue;
    const at = part.maskedCode.search(/\bthrow\b/);
    if (at === -1) continue;
    const before = part.maskedCode.slice(0, at).split('\n');
    const shift = before.length === 1 ? part.place.column : 1;
    return { line: part.place.line + before.length - 1, column: before.at(-1)!.length + shift };
  }
  return null;
}

/** `it.Foo is undefined; the test has no variable "Foo"; …` */
function printReason(code: string, error: PrintError, it: object): string {
  const expression = code.replaceAll(/\s+/g, ' ').trim();
  const shown = expression.length > 60 ? `${expression.slice(0, 60)}…` : expression;
  const variable = /^it\.([\w$]+)$/.exec(expression)?.[1];
  if (variable === undefined || Object.hasOwn(it, variable)) return `${shown} ${error.what}`;
  const names = Object.keys(it);
  const there =
    names.length > 0 ? `variables are ${names.join(', ').slice(0, 300)}` : 'the test has no variables';
  return `${shown} ${error.what}${didYouMean(variable, names)}; ${there}`;
}

/** In characters: errors of libraries may hold whole documents. */
const LONGEST_REASON = 1000;

/** What was wrong in words, with the names that may have been meant. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return `the template threw ${shown(error)}`;
  const message = (String(error.message) || error.name).replaceAll(/\s+/g, ' ').slice(0, LONGEST_REASON);
  const unknown = error instanceof ReferenceError ? /^(\S+) is not defined$/.exec(message)?.[1] : undefined;
  if (unknown === undefined) return message;
  const hint = hintFor(unknown);
  if (hint) return `${message}: ${hint}`;
  return `${message}${didYouMean(unknown, functionNames) || '; variables of the test are it.NAME'}`;
}

function shown(value: unknown): string {
  try {
    return (typeof value === 'string' ? JSON.stringify(value) : String(value)).slice(0, 200);
  } catch {
    return 'something that cannot be shown';
  }
}
