import type { EventMarks } from '../event-marks.ts';
import type { EventMemory } from '../events.ts';
import type { FakeData } from '../fake/fake-data.ts';
import type { Finished } from '../print.ts';
import type { ProfilePool } from '../profiles.ts';
import type { Random } from '../random.ts';

/** What the functions of one lane work with. */
export interface FunctionContext {
  random: Random;
  fake: FakeData;
  events: EventMemory;
  marks: EventMarks;
  profiles: ProfilePool;
  /** Renders another template of the set. @throws Error when there is none of that name */
  include: (name: string) => Finished;
  /** The same for `<%= includeTemplate(…) %>`: events may stand in it under marks. */
  includePrinted: (name: string) => string;
  /** @throws Error when the set has no template of that name */
  requireTemplate: (name: string) => void;
  /** What the templates know as `it`. */
  variables: object;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** A function that templates can call: what is in their scope and what their documentation says come from here. */
export interface FunctionEntry {
  name: string;
  signature: string;
  /** One or two plain sentences, in Markdown. */
  doc: string;
  /** A template that uses it. */
  example: string;
  /** What the example renders to; null where that differs from call to call or needs other templates. */
  renders: string | null;
  /** What rendering the example costs, in µs, as `bench/functions.ts` measures it. */
  costUs: number;
  /** When it costs more. */
  more?: 'for longer texts' | 'by what the template costs';
  /** Makes the function for one lane. Templates are not typed: each function checks what it is given. */
  create: (context: FunctionContext) => (...args: unknown[]) => unknown;
  /**
   * Makes what stands in its place where a tag is nothing but `<%= name(…) %>`, so that no code of the template sees what
   * it returns: text that is put into the output as it is.
   * @param print what the tag does with a value: `print` or, in `<%~ name(…) %>`, `printRaw`
   */
  createPrinted?: (
    context: FunctionContext,
    print: (value: unknown) => string,
  ) => (...args: unknown[]) => string;
}
