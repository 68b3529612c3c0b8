import { failureCode } from '../../metrics/outcome.ts';
import { Failure } from '../messages/failure.ts';
import { describe, socketFailure } from '../socket-failure.ts';
import { brokerError } from './kafkajs.ts';

const AUTH = failureCode('auth');
const UNKNOWN_TOPIC = failureCode('unknown_topic');
const NOT_LEADER = failureCode('not_leader');
const NOT_REPLICATED = failureCode('not_replicated');
const SEQUENCE = failureCode('sequence');
const BROKER_ERROR = failureCode('broker_error');

/** Error codes of Kafka's protocol. */
export const NONE = 0;
export const UNKNOWN_TOPIC_OR_PARTITION = 3;
export const LEADER_NOT_AVAILABLE = 5;

/** Errors of a broker that has just started: COORDINATOR_LOAD_IN_PROGRESS, COORDINATOR_NOT_AVAILABLE. */
export const NOT_YET: ReadonlySet<number> = new Set([14, 15]);

/** Classes of the protocol's error codes; the rest is `broker_error`. */
const CODES = new Map<number, number>([
  [UNKNOWN_TOPIC_OR_PARTITION, UNKNOWN_TOPIC],
  [LEADER_NOT_AVAILABLE, NOT_LEADER],
  [6, NOT_LEADER], // NOT_LEADER_OR_FOLLOWER
  [7, failureCode('timeout')], // REQUEST_TIMED_OUT: the replicas did not acknowledge in time
  [9, NOT_LEADER], // REPLICA_NOT_AVAILABLE
  [10, failureCode('message_too_large')],
  [18, failureCode('message_too_large')], // RECORD_LIST_TOO_LARGE
  [19, NOT_REPLICATED],
  [20, NOT_REPLICATED], // NOT_ENOUGH_REPLICAS_AFTER_APPEND
  [29, AUTH], // TOPIC_AUTHORIZATION_FAILED
  [31, AUTH], // CLUSTER_AUTHORIZATION_FAILED
  [33, AUTH], // UNSUPPORTED_SASL_MECHANISM
  [34, AUTH], // ILLEGAL_SASL_STATE
  [45, SEQUENCE],
  [46, SEQUENCE],
  [47, SEQUENCE], // INVALID_PRODUCER_EPOCH
  [58, AUTH], // SASL_AUTHENTICATION_FAILED
  [59, SEQUENCE], // UNKNOWN_PRODUCER_ID
  [74, NOT_LEADER], // FENCED_LEADER_EPOCH
  [75, NOT_LEADER], // UNKNOWN_LEADER_EPOCH
]);

/** After these, the brokers of a topic are asked for anew: KAFKA_STORAGE_ERROR too, as the leadership moves then. */
const MISPLACED = new Set([3, 5, 6, 9, 56, 74, 75]);

/** What a broker's answer means for the messages of a batch. */
export function failureOfCode(code: number): Failure {
  const { type, message } = brokerError(code);
  return new Failure(CODES.get(code) ?? BROKER_ERROR, `${type}: ${message}`);
}

/** Whether the batch was sent to a broker that does not lead its partition, or no more. */
export function isMisplaced(code: number): boolean {
  return MISPLACED.has(code);
}

/** What an error of kafkajs, of a socket or of ours means. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (!(error instanceof Error)) return new Failure(failureCode('other'), String(error));
  const text = describe(error).replace(/^Connection error: /, '');
  const { name, code } = error as Error & { code?: unknown };
  if (typeof code === 'number') return failureOfCode(code);
  if (name === 'KafkaJSSASLAuthenticationError') return new Failure(AUTH, text);
  const known = socketFailure(error);
  if (known !== null) return new Failure(known, text);
  if (/timeout/i.test(text)) return new Failure(failureCode('connect_timeout'), text);
  if (name.startsWith('KafkaJSConnection')) return new Failure(failureCode('closed'), text);
  return new Failure(failureCode('other'), text);
}
