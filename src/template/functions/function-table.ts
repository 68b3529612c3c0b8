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

/** The functions of one lane, in the order of `functionNames`. */
export function bindFunctions(context: FunctionContext): unknown[] {
  return functionTable.map((entry) => entry.create(context));
}
