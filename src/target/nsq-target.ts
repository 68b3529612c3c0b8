import { AddressCheck } from './address.ts';
import { readTopic, readValue, readWhole } from './message-fields.ts';
import { readObject } from './read-object.ts';
import type { MarkedBodies, NsqTarget } from './target.ts';
import { TargetError } from './target-error.ts';

const EXAMPLE = '{"addr": "127.0.0.1:4150", "topic": "events", "valueBytes": "e30="}';

const TOPIC = /^[.A-Za-z0-9_-]{1,64}$|^[.A-Za-z0-9_-]{1,54}#ephemeral$/;
const TOPIC_RULE =
  '1 to 64 letters, digits, ".", "_" and "-", of which "#ephemeral" may be the last ten characters';
/** As long as nsqd's own setting allows at all: a week. What it really allows is an hour, unless it is told else. */
const MAX_DEFER_MS = 604_800_000;

const addresses = new AddressCheck(1);

/**
 * Reads one message for NSQ:
 *
 *     {"addr": "127.0.0.1:4150", "topic": "events", "valueBytes": "e30=", "deferMs": 500}
 *
 * `addr` (of one nsqd), `topic` and `valueBytes` (base64, not empty) must be there. Unknown keys are skipped, a null is as
 * if the key were not there.
 *
 * @throws TargetError that names the field, its value (shortened) and what would be right
 */
export function parseNsqTarget(json: string, bodies?: MarkedBodies): NsqTarget {
  const fields = readObject(json, EXAMPLE);
  const value = readValue(fields, bodies);
  if (value.length === 0) throw new TargetError('valueBytes is empty: nsqd takes no message without bytes');
  return {
    addr: addresses.check(fields.addr),
    topic: readTopic(fields.topic, TOPIC, TOPIC_RULE),
    value,
    deferMs: readWhole(fields.deferMs, 'deferMs', MAX_DEFER_MS, 0),
  };
}
