import { closeSync, openSync, writeSync } from 'node:fs';
import type { HitRecord, RecordSink } from '../attack/record.ts';
import { failureName, SUCCEEDED } from '../metrics/outcome.ts';
import type { Masker } from './mask.ts';
import { systemErrorText } from './system-error.ts';

/** Buffered text is written out from this length on, in UTF-16 units; `flush` writes whatever there is. */
const CHUNK_LENGTH = 64 * 1024;

/** What stands for a status where a message was acknowledged, which has none: Vegeta's tools take it for a success. */
const ACKNOWLEDGED = 200;

/** Below it a status is one that HTTP knows; from it on outcomes are classes without a status of their own. */
const END_OF_STATUSES = 600;

export interface VegetaResultOptions {
  /** The file to append to; made when it is missing. */
  path: string;
  /**
   * Name of this lane's attack: unlike that of every other lane, process start and run, because Vegeta wants sequence
   * numbers without gaps for each.
   */
  attack: string;
  /** Names of label indexes; `follow` may add more. */
  labels: readonly string[];
  /** Whether to write what was sent: bodies, and headers. */
  bodies: boolean;
  headers: boolean;
  mask: Masker;
}

/**
 * Writes finished hits in Vegeta's JSON result format, one a line, with the extra keys `target` (label), `outcome`
 * (`succeeded`, `interrupted` or the class of failure), `hit` (index in the run's schedule) and `lag` (integer ns).
 *
 * `code` is the HTTP status where it decided the outcome, 200 for a message that was acknowledged, else 0 as Vegeta has it,
 * so that Vegeta never takes a truncated answer for a success. A message's `method` is `PUBLISH`.
 *
 * Any number of lanes and processes may write to one file: each write is a run of whole lines to a file opened for
 * appending, which a local file system does in one piece.
 */
export class VegetaResultSink implements RecordSink {
  readonly #options: VegetaResultOptions;
  #mask: Masker;
  readonly #file: number;
  readonly #prefix: string;
  /** What follows the label, ready as JSON, by label index. */
  #targets: string[];
  readonly #second = { at: Number.NaN, text: '' };
  readonly #url = { text: '', json: '""' };
  #pending = '';
  #failure: Error | null = null;
  #closed = false;

  /** @throws Error when the file cannot be opened for appending */
  constructor(options: VegetaResultOptions) {
    this.#options = options;
    this.#prefix = `{"attack":${JSON.stringify(options.attack)},"seq":`;
    this.#mask = options.mask;
    this.#targets = options.labels.map(targetJson);
    try {
      this.#file = openSync(options.path, 'a', 0o644);
    } catch (error) {
      throw new Error(`cannot open the results file ${options.path}: ${systemErrorText(error)}`, {
        cause: error,
      });
    }
  }

  /** Targets come from another content from now on. @param mask also of the secrets of what is in flight */
  follow(labels: readonly string[], mask: Masker): void {
    this.#targets = labels.map(targetJson);
    this.#mask = mask;
    this.#url.text = '';
    this.#url.json = '""';
  }

  /** Never throws: what could not be written is told by the next `flush` or `close`, and the rest is not kept. */
  write(record: HitRecord): void {
    if (this.#failure || this.#closed) return;
    this.#pending += this.#line(record);
    if (this.#pending.length >= CHUNK_LENGTH) this.#writeOut();
  }

  flush(): void {
    if (this.#pending !== '') this.#writeOut();
    if (this.#failure) throw this.#failure;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.flush();
    } finally {
      closeSync(this.#file);
    }
  }

  #writeOut(): void {
    const bytes = Buffer.from(this.#pending);
    this.#pending = '';
    try {
      // A short write is followed by its rest at once, or by the error that cut it short.
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done);
    } catch (error) {
      const { path } = this.#options;
      this.#failure = new Error(`cannot write to the results file ${path}: ${systemErrorText(error)}`, {
        cause: error,
      });
    }
  }

  #line(record: HitRecord): string {
    const { outcome } = record;
    const mask = this.#mask;
    const decidedByStatus = outcome >= SUCCEEDED && outcome < END_OF_STATUSES;
    const headers = this.#options.headers ? headersJson(mask.headers(record.headers)) : 'null';
    const body =
      this.#options.bodies && record.body ? `"${mask.body(record.body).toString('base64')}"` : 'null';
    const error = record.error === '' ? '""' : JSON.stringify(mask.text(record.error));
    return `${this.#prefix}${record.seq},"code":${decidedByStatus ? record.status || ACKNOWLEDGED : 0},"timestamp":"${this.#timestamp(
      record.sentAtWall,
    )}","latency":${nanoseconds(record.serviceMs)},"bytes_out":${record.bytesOut},"bytes_in":${
      record.bytesIn
    },"error":${error},"body":${body},"method":${JSON.stringify(record.method)},"url":${this.#urlJson(
      record.url,
    )},"headers":${headers}${this.#targets[record.label] ?? ',"target":"other","outcome":"'}${outcomeName(
      outcome,
    )}","hit":${record.hit},"lag":${nanoseconds(record.lagMs)}}\n`;
  }

  /** RFC 3339 with nine digits of a second; the part up to the second is made once a second. */
  #timestamp(wallMs: number): string {
    const total = Math.round((wallMs % 1000) * 1e6);
    const carry = total >= 1e9 ? 1000 : 0;
    const second = Math.floor(wallMs / 1000) * 1000 + carry;
    if (this.#second.at !== second) {
      this.#second.at = second;
      this.#second.text = `${new Date(second).toISOString().slice(0, 19)}.`;
    }
    return `${this.#second.text}${String(carry > 0 ? 0 : total).padStart(9, '0')}Z`;
  }

  /** Most tests send to one URL or to few. */
  #urlJson(url: string): string {
    if (this.#url.text !== url) {
      this.#url.text = url;
      this.#url.json = JSON.stringify(this.#mask.text(url));
    }
    return this.#url.json;
  }
}

/** What follows the hit's status in a record. */
function targetJson(label: string): string {
  return `,"target":${JSON.stringify(label)},"outcome":"`;
}

/** The value of `outcome` in a result file. */
function outcomeName(outcome: number): string {
  if (outcome === SUCCEEDED) return 'succeeded';
  return outcome < 0 ? 'interrupted' : failureName(outcome);
}

/** Vegeta reads times as integers and stops without a word at a fraction. */
function nanoseconds(ms: number): number {
  return Math.round(ms * 1e6);
}

/** Values by name, in order; `null` where there are none. @param headers names and values in turn */
function headersJson(headers: readonly string[]): string {
  if (headers.length === 0) return 'null';
  const values = new Map<string, string[]>();
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!;
    const known = values.get(name);
    if (known) known.push(headers[i + 1]!);
    else values.set(name, [headers[i + 1]!]);
  }
  return `{${[...values].map(([name, list]) => `${JSON.stringify(name)}:${JSON.stringify(list)}`).join(',')}}`;
}
