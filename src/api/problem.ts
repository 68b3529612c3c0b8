import { shown } from '../units/shown.ts';

/** One thing that is wrong with a manifest. */
export interface Problem {
  /** The field, such as `spec.stages[2].over`; empty for the document as a whole. */
  path: string;
  /** What stands there; undefined where nothing does, or where it must not be repeated. */
  value: unknown;
  /** What is wrong and what would be right, without the path. */
  message: string;
}

/** Everything that is wrong with something a user gave, all at once. */
export class ProblemsError extends Error {
  readonly problems: Problem[];

  constructor(problems: Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.name = 'ProblemsError';
    this.problems = problems;
  }
}

/** A problem as one line: `spec.rate: "5000" is not a rate …`. */
export function formatProblem({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** The steps to a field as a path: `['spec', 'stages', 2, 'over']` is `spec.stages[2].over`. */
export function formatPath(steps: readonly PropertyKey[]): string {
  let path = '';
  for (const step of steps) {
    if (typeof step === 'number') path += `[${step}]`;
    else if (/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(String(step)))
      path += path === '' ? String(step) : `.${String(step)}`;
    else path += `[${shown(String(step))}]`;
  }
  return path;
}
