import type { Target } from './target.ts';

/** A target in the words of Vegeta's result format. */
export interface SentAs {
  method: string;
  url: string;
  /** Names and values in turn. */
  headers: string[];
  body: Buffer | null;
}

export function sentAs({ method, origin, path, headers, body }: Target): SentAs {
  return { method, url: origin + path, headers, body };
}
