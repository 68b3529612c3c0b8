import { isUtf8 } from 'node:buffer';
import { formatCount } from '../../report/format.ts';
import type { Masker } from '../../report/mask.ts';
import { sentAs } from '../../target/sent-as.ts';
import type { Target } from '../../target/target.ts';

/**
 * A target as a person reads it: method and URL, what else a message has, headers, and the body or value as it is sent,
 * JSON with line ends.
 */
export function decoded(target: Target, label: string, masker: Masker): string {
  const { method, url, headers, body } = sentAs(target);
  const lines = [`${method} ${masker.text(url)}  (${label})`];
  for (const [name, text] of ofMessage(target)) lines.push(`(${name}: ${masker.text(text)})`);
  for (let i = 0; i < headers.length; i += 2) lines.push(`${headers[i]}: ${masker.text(headers[i + 1]!)}`);
  if (body !== null) lines.push('', bodyText(masker.body(body)));
  // Line feeds stay; what else a terminal would obey is shown by its code.
  return lines
    .join('\n')
    .replaceAll(/[^\P{Cc}\n\t]/gu, (character) => JSON.stringify(character).slice(1, -1));
}

/** What a message has besides headers and value, by the names of its fields. */
function ofMessage(target: Target): [name: string, text: string][] {
  if ('method' in target) return [];
  if ('deferMs' in target) return target.deferMs === 0 ? [] : [['deferMs', `${target.deferMs}`]];
  const { key, partition, timestamp } = target;
  const all: [string, string | null][] = [
    ['keyBytes', key === null ? null : bodyText(key)],
    ['partition', partition === null ? null : `${partition}`],
    ['timestamp', timestamp === null ? null : new Date(timestamp).toISOString()],
  ];
  return all.flatMap(([name, text]): [string, string][] => (text === null ? [] : [[name, text]]));
}

function bodyText(body: Buffer): string {
  if (!isUtf8(body)) return `<${formatCount(body.length)} bytes that are no text>`;
  const text = body.toString();
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
