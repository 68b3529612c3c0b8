import { shown } from '../units/shown.ts';
import { TargetError } from './target-error.ts';

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const CONTROL = /[\p{Cc}--\t]/v;
const BEYOND_ASCII = /[^\t -~]/;

/** What is done with the values of a header: `plain` ones are sent as they are. */
type Rule = 'plain' | 'host' | 'content-length' | 'connection';

/** Headers that belong to the framing of a request or ask for another protocol, and why they cannot be sent. */
const REFUSED = new Map([
  ['transfer-encoding', 'bodies are sent with their length'],
  ['keep-alive', 'connections are kept by the setting http.keepAlive'],
  ['upgrade', 'no other protocol can follow'],
  ['expect', 'bodies are sent without waiting'],
]);

/** More names than real targets have; what a template makes up beyond them costs time, not memory. */
const MAX_KNOWN = 1024;
const known = new Map<string, Rule>();

/** Whether `text` is a token of RFC 9110: what methods and header names are made of. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/**
 * Reads the `header` of a target, names with lists of values, into names and values in turn. Messages never repeat a
 * value, as it may be a secret. Text beyond ASCII is sent as UTF-8, so its values here hold one character for each byte.
 *
 * @param bodyLength what a `Content-Length` must be, if it is given; it is left out, as the transport sets it
 * @throws TargetError that names the header and what would be right
 */
export function readHeaders(header: unknown, bodyLength: number): string[] {
  const headers: string[] = [];
  if (header === undefined || header === null) return headers;
  if (typeof header !== 'object' || Array.isArray(header)) {
    throw new TargetError(
      `header is ${kindOf(header)}: write an object, {"Content-Type": ["application/json"]}`,
    );
  }
  let hosts = 0;
  for (const name in header) {
    const rule = known.get(name) ?? readName(name);
    const values: unknown = header[name as keyof typeof header];
    if (values === null) continue;
    if (!Array.isArray(values)) {
      throw new TargetError(
        `header ${shown(name)} is ${kindOf(values)}: write a list, {${shown(name)}: ["…"]}`,
      );
    }
    for (let i = 0; i < values.length; i++) {
      const value = readValue(name, i, values[i]);
      if (rule === 'host') {
        if (value === '') continue;
        if (++hosts > 1) throw new TargetError('header "Host" is given twice: a request has one');
      } else if (rule === 'content-length') {
        checkLength(value, bodyLength);
        continue;
      } else if (rule === 'connection' && !asksToClose(value)) {
        continue;
      }
      headers.push(name, value);
    }
  }
  return headers;
}

function readName(name: string): Rule {
  if (!isToken(name)) {
    throw new TargetError(
      `header ${shown(name)} is no valid name: letters, digits and - such as "X-Request-Id"`,
    );
  }
  const lower = name.toLowerCase();
  const reason = REFUSED.get(lower);
  if (reason !== undefined)
    throw new TargetError(`header ${shown(name)} cannot be sent: ${reason}; leave it out`);
  const rule = lower === 'host' || lower === 'content-length' || lower === 'connection' ? lower : 'plain';
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, rule);
  return rule;
}

function readValue(name: string, index: number, value: unknown): string {
  if (typeof value !== 'string') {
    const advice =
      typeof value === 'number' || typeof value === 'boolean' ? 'put it in quotes' : 'write a string';
    throw new TargetError(`header ${shown(name)}: value ${index + 1} is ${kindOf(value)}: ${advice}`);
  }
  if (!BEYOND_ASCII.test(value)) return value;
  const control = CONTROL.exec(value);
  if (control) {
    const where = `value ${index + 1} has the control character ${shown(control[0])} at character ${control.index + 1}`;
    throw new TargetError(`header ${shown(name)}: ${where}: remove it, in a template with nospace()`);
  }
  return Buffer.from(value, 'utf8').toString('latin1');
}

function checkLength(value: string, bodyLength: number): void {
  if (/^[0-9]+$/.test(value) && Number(value) === bodyLength) return;
  const body = `the body has ${bodyLength} bytes`;
  throw new TargetError(
    `header "Content-Length" is ${shown(value)} but ${body}: leave it out, it is set by itself`,
  );
}

/** `close` is passed on; `keep-alive` is what happens anyway. */
function asksToClose(value: string): boolean {
  const options = value
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
  for (const option of options) {
    if (option !== 'close' && option !== 'keep-alive') {
      throw new TargetError(
        `header "Connection" is ${shown(value)}: only "close" and "keep-alive" can be asked for`,
      );
    }
  }
  return options.includes('close');
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
