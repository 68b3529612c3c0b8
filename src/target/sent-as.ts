import type { Target } from './target.ts';

/** A target in the words of Vegeta's result format. */
export interface SentAs {
  method: string;
  url: string;
  /** Names and values in turn. */
  headers: string[];
  body: Buffer | null;
}

export function sentAs(target: Target): SentAs {
  if ('method' in target) {
    const { method, origin, path, headers, body } = target;
    return { method, url: origin + path, headers, body };
  }
  const { addr, topic, value } = target;
  if ('deferMs' in target) {
    return { method: 'PUBLISH', url: `nsq://${addr}/${topic}`, headers: [], body: value };
  }
  return { method: 'PUBLISH', url: `kafka://${addr}/${topic}`, headers: target.headers, body: value };
}
