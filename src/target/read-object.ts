import { shown } from '../units/shown.ts';
import { TargetError } from './target-error.ts';

/** How much of a text is shown on either side of the place where it stops being JSON. */
const EXCERPT = 24;

/**
 * Reads the JSON object that a target is. @param example what one looks like, for messages
 * @throws TargetError that says where it stops being JSON, or what it is instead
 */
export function readObject(json: string, example: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw notJson(json, error as Error, example);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TargetError(`target is ${shown(json.trim())}: write an object, ${example}`);
  }
  return value as Record<string, unknown>;
}

function notJson(json: string, error: Error, example: string): TargetError {
  if (json.trim() === '') return new TargetError(`target is empty: write ${example}`);
  const position = /at position (\d+)/.exec(error.message);
  if (!position && !error.message.includes('end of JSON')) {
    // The engine's own message holds an excerpt already.
    return new TargetError(`target is no JSON: ${shownWhole(error.message)}`);
  }
  const at = position ? Number(position[1]) : json.length;
  const near = shown(json.slice(Math.max(0, at - EXCERPT), at + EXCERPT));
  const reason = error.message
    .replace(/ in JSON at position.*$/s, '')
    .replace(/ JSON at position.*$/s, ' it');
  return new TargetError(`target is no JSON at character ${at + 1}, near ${near}: ${shownWhole(reason)}`);
}

/** A short message with control characters made visible, without the quotes around it. */
function shownWhole(message: string): string {
  return message.slice(0, 200).replace(/\p{Cc}/gu, (character) => JSON.stringify(character).slice(1, -1));
}
