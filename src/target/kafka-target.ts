import { shown } from '../units/shown.ts';
import { AddressCheck } from './address.ts';
import { readBytes, readTopic, readValue, readWhole } from './message-fields.ts';
import { readObject } from './read-object.ts';
import type { KafkaTarget, MarkedBodies } from './target.ts';
import { TargetError } from './target-error.ts';

const EXAMPLE = '{"addr": "127.0.0.1:9092", "topic": "events", "valueBytes": "e30="}';

/** The most addresses of a cluster that a target names. */
const MAX_ADDRESSES = 32;
const MAX_PARTITION = 2_147_483_647;
/** In ms since 1970: the year 9999. */
const MAX_TIMESTAMP = 253_402_300_799_999;

const TOPIC = /^(?!\.{1,2}$)[-._A-Za-z0-9]{1,249}$/;
const TOPIC_RULE = '1 to 249 letters, digits, ".", "_" and "-"';

const NO_HEADERS: string[] = [];

const addresses = new AddressCheck(MAX_ADDRESSES);

/**
 * Reads one message for Kafka:
 *
 *     {"addr": "127.0.0.1:9092", "topic": "events", "valueBytes": "e30=", "keyBytes": "YQ==", "headers": {"type": "track"}}
 *
 * `addr`, `topic` and `valueBytes` must be there; `addr` is one address of the cluster or several, joined by commas.
 * `keyBytes` and `valueBytes` are base64; `headers` maps names to texts or lists of texts; `partition` and `timestamp` (in
 * ms since 1970) are whole numbers. Unknown keys are skipped, a null is as if the key were not there.
 *
 * @throws TargetError that names the field, its value (shortened; never that of a header) and what would be right
 */
export function parseKafkaTarget(json: string, bodies?: MarkedBodies): KafkaTarget {
  const fields = readObject(json, EXAMPLE);
  return {
    addr: addresses.check(fields.addr),
    topic: readTopic(fields.topic, TOPIC, TOPIC_RULE),
    value: readValue(fields, bodies),
    key: readBytes(fields.keyBytes, 'keyBytes', bodies),
    partition: readWhole(fields.partition, 'partition', MAX_PARTITION, null),
    headers: readHeaders(fields.headers),
    timestamp: readWhole(fields.timestamp, 'timestamp', MAX_TIMESTAMP, null),
  };
}

function readHeaders(headers: unknown): string[] {
  if (headers === undefined || headers === null) return NO_HEADERS;
  if (typeof headers !== 'object' || Array.isArray(headers)) {
    throw new TargetError('headers is no object: write {"type": "track"}');
  }
  const read: string[] = [];
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) continue;
    for (const text of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof text !== 'string') {
        throw new TargetError(`header ${shown(name)} is no text: write a string or a list of strings`);
      }
      read.push(name, text);
    }
  }
  return read;
}
