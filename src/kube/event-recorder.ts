import type { Clock } from '../attack/clock.ts';
import { sleep } from '../time/sleep.ts';
import type { Client } from './client.ts';
import { EventMemory } from './event-memory.ts';
import { microTime } from './micro-time.ts';
import type { KubeObject } from './object.ts';
import { EVENTS, type Event } from './resources.ts';

/** Something that happened to an object, for `kubectl describe`. Transitions only: what goes on is the status's to say. */
export interface EventInput {
  /** What it happened to. */
  regarding: KubeObject;
  type: 'Normal' | 'Warning';
  /** What happened, in one word of CamelCase: `RunStarted`. */
  reason: string;
  /** What was done about it, in one word of CamelCase: `Start`. */
  action: string;
  /** A sentence for people; at most 1 KiB is told. */
  note: string;
}

export interface EventRecorderOptions {
  client: Client;
  clock: Clock;
  /** Which program, such as `taz.dev/controller`. */
  controller: string;
  /** Which process of it, such as the pod's name; at most 128 characters. */
  instance: string;
}

/** The most events that wait to be written. */
const MOST_WAITING = 1000;

/** How long one may take to be written, and all that wait when the process ends, in ms. */
const WRITE_MS = 5_000;
const CLOSE_MS = 3_000;

const MAX_NOTE_BYTES = 1024;
const MAX_NAME = 220;

/**
 * Writes events beside the work: `record` neither waits nor fails. What happens again soon is counted in one event; what
 * cannot be written, or is too much, is dropped and counted.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #memory: EventMemory;
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #end = new AbortController();
  #writing: Promise<void> | null = null;
  #number = 0;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#memory = new EventMemory(options.clock);
  }

  /** How many events were lost: refused by the API server, or more than could wait. */
  get dropped(): number {
    return this.#dropped;
  }

  record(input: EventInput): void {
    const { uid = '' } = input.regarding.metadata;
    const what = [input.type, input.reason, input.action, input.note].join('\0');
    const name = this.#nameFor(input.regarding);
    const decision = this.#memory.decide(uid, what, name);
    if (decision.kind === 'drop') return;
    if (this.#waiting.length >= MOST_WAITING || this.#end.signal.aborted) {
      this.#dropped++;
      this.#memory.forget(uid, what);
      return;
    }
    const at = microTime(this.#options.clock.wall());
    const write =
      decision.kind === 'create'
        ? () => this.#create(name, at, input)
        : () => this.#count(decision.name, decision.count, at, input);
    this.#waiting.push(async () => {
      try {
        await write();
      } catch {
        this.#dropped++;
        this.#memory.forget(uid, what);
      }
    });
    this.#writing ??= this.#writeAll();
  }

  /** Waits until what was recorded is written, for 3 s at most; then drops the rest. */
  async close(): Promise<void> {
    const overtime = new AbortController();
    await Promise.race([this.#writing, sleep(CLOSE_MS, overtime.signal)]);
    overtime.abort();
    this.#end.abort(new Error('the process ends'));
    await this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (let write = this.#waiting.shift(); write !== undefined; write = this.#waiting.shift()) await write();
    this.#writing = null;
  }

  async #create(name: string, at: string, input: EventInput): Promise<void> {
    const { client, controller, instance } = this.#options;
    const { apiVersion, kind, metadata } = input.regarding;
    const event: Omit<Event, 'apiVersion' | 'kind'> = {
      metadata: { name, namespace: namespaceOf(input.regarding) },
      eventTime: at,
      type: input.type,
      reason: input.reason,
      action: input.action,
      note: shortened(input.note),
      reportingController: controller,
      reportingInstance: instance,
      regarding: {
        apiVersion,
        kind,
        name: metadata.name,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
        ...(metadata.uid === undefined ? {} : { uid: metadata.uid }),
        ...(metadata.resourceVersion === undefined ? {} : { resourceVersion: metadata.resourceVersion }),
      },
    };
    await client.create(EVENTS, event, { signal: this.#end.signal, timeoutMs: WRITE_MS });
  }

  async #count(name: string, count: number, at: string, { regarding }: EventInput): Promise<void> {
    const place = { namespace: namespaceOf(regarding), name };
    const patch = { series: { count, lastObservedTime: at } };
    await this.#options.client.merge(EVENTS, place, patch, { signal: this.#end.signal, timeoutMs: WRITE_MS });
  }

  /** As other controllers name events: the object's name and a number that no other event of it has. */
  #nameFor({ metadata }: KubeObject): string {
    const start = metadata.name.slice(0, MAX_NAME).replace(/[-.]+$/, '');
    const number = BigInt(Math.trunc(this.#options.clock.wall())) * 1000n + BigInt(this.#number++ % 1000);
    return `${start}.${number.toString(16)}`;
  }
}

/** Events of objects of the whole cluster stand in the default namespace. */
function namespaceOf({ metadata }: KubeObject): string {
  return metadata.namespace ?? 'default';
}

/** A note of at most 1 KiB, cut between characters. */
function shortened(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= MAX_NOTE_BYTES) return note;
  const cut = bytes.subarray(0, MAX_NOTE_BYTES - Buffer.byteLength('…')).toString('utf8');
  return `${cut.replace(/\ufffd+$/, '')}…`;
}
