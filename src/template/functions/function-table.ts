import { print, printRaw } from '../print.ts';
import { dataFunctions } from './data-functions.ts';
import { encodingFunctions } from './encoding-functions.ts';
import type { FunctionContext, FunctionEntry } from './function-entry.ts';
import { randomFunctions } from './random-functions.ts';
import { textFunctions } from './text-functions.ts';

/** Every function that templates can call; the scope and the documentation are made from it. */
export const functionTable: readonly FunctionEntry[] = [
  ...dataFunctions,
  ...randomFunctions,
  ...textFunctions,
  ...encodingFunctions,
];

/** In the order in which compiled templates take the functions. */
export const functionNames: readonly string[] = functionTable.map((entry) => entry.name);

/** The functions of one lane. */
export interface BoundFunctions {
  /** In the order of `functionNames`. */
  scope: unknown[];
  /** Those that have a cheaper way to be printed, see `FunctionEntry.createPrinted`. */
  printed: Record<string, unknown>;
  /** The same for `<%~ %>`. */
  printedRaw: Record<string, unknown>;
}

/** The names of those that have a cheaper way to be printed. */
export const printedNames: ReadonlySet<string> = new Set(
  functionTable.filter((entry) => entry.createPrinted).map((entry) => entry.name),
);

export function bindFunctions(context: FunctionContext): BoundFunctions {
  const bindPrinted = (how: typeof print) =>
    Object.fromEntries(
      functionTable.flatMap(({ name, createPrinted }) =>
        createPrinted === undefined ? [] : [[name, createPrinted(context, how)]],
      ),
    );
  return {
    scope: functionTable.map((entry) => entry.create(context)),
    printed: bindPrinted(print),
    printedRaw: bindPrinted(printRaw),
  };
}
