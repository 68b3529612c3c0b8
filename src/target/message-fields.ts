import { shown } from '../units/shown.ts';
import { decodeBase64 } from './base64.ts';
import type { MarkedBodies } from './target.ts';
import { TargetError } from './target-error.ts';

/** The fields that messages of Kafka and NSQ have in common. Each throws a TargetError for what cannot be sent. */

/** A whole number of at least 0. @param absent what it is where it is not given */
export function readWhole<Absent>(
  value: unknown,
  field: string,
  most: number,
  absent: Absent,
): number | Absent {
  if (value === undefined || value === null) return absent;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value;
  throw new TargetError(
    `${field} is ${shown(JSON.stringify(value))}: write a whole number from 0 to ${most}, without quotes`,
  );
}

/** @param right whether the text is a topic's name @param rule which names are right, in words */
export function readTopic(topic: unknown, right: RegExp, rule: string): string {
  if (typeof topic === 'string' && right.test(topic)) return topic;
  if (topic === undefined || topic === null || topic === '')
    throw new TargetError('topic is missing: write "events"');
  if (typeof topic !== 'string') {
    throw new TargetError(
      `topic is no text but ${shown(JSON.stringify(topic))}: write a string such as "events"`,
    );
  }
  throw new TargetError(`topic ${shown(topic)} is no name of a topic: ${rule}`);
}

/** Bytes in base64. */
export function readBytes(value: unknown, field: string, bodies?: MarkedBodies): Buffer | null {
  if (typeof value === 'string') return bodies?.bytesOf(value) ?? decodeBase64(value, field);
  if (value === undefined || value === null) return null;
  throw new TargetError(
    `${field} is no text but ${shown(JSON.stringify(value))}: write a string in base64, in a template with b64enc()`,
  );
}

export function readValue(fields: Record<string, unknown>, bodies?: MarkedBodies): Buffer {
  const value = readBytes(fields.valueBytes, 'valueBytes', bodies);
  if (value !== null) return value;
  const similar = Object.keys(fields).find((key) => /^value([-_]?bytes)?$/i.test(key));
  const advice =
    similar === undefined
      ? 'write the message in base64, in a template with b64enc()'
      : `${shown(similar)} is not read, write "valueBytes" with the message in base64`;
  throw new TargetError(`valueBytes is missing: ${advice}`);
}
