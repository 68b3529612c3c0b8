import type { ContentProblem } from '../check.ts';
import { TemplateError } from '../template-error.ts';

const MOST = 20;

/** Collects problems, each once and not too many. */
export class Problems {
  readonly #found = new Map<string, ContentProblem>();

  add(problem: ContentProblem): void {
    const key = JSON.stringify([problem.template, problem.line, problem.column, problem.message]);
    if (this.#found.size < MOST && !this.#found.has(key)) this.#found.set(key, problem);
  }

  /** @param template where the error does not say it itself */
  addError(error: unknown, template: string): void {
    if (error instanceof TemplateError) {
      const { line, column, excerpt, reason } = error;
      this.add({ template: error.template, line, column, excerpt, message: reason });
    } else {
      const message = error instanceof Error ? error.message : String(error);
      this.add({ template, line: null, column: null, excerpt: null, message });
    }
  }

  get isFull(): boolean {
    return this.#found.size >= MOST;
  }

  get isEmpty(): boolean {
    return this.#found.size === 0;
  }

  get all(): ContentProblem[] {
    return [...this.#found.values()];
  }
}
