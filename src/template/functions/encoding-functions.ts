import { createHash } from 'node:crypto';
import { Finished } from '../print.ts';
import { described, textOf } from './arguments.ts';
import type { FunctionEntry } from './function-entry.ts';

/** Base64, bytes and hashes. */
export const encodingFunctions: FunctionEntry[] = [
  {
    name: 'base64',
    signature: 'base64(value)',
    doc: 'A text (as UTF-8) or bytes in base64. Finished.',
    example: `{"Authorization": ["Basic <%= base64('user:secret') %>"]}`,
    renders: '{"Authorization": ["Basic dXNlcjpzZWNyZXQ="]}',
    costUs: 0.2,
    create: () => (value) => new Finished(encode(value, 'base64')),
    createPrinted: () => (value) => encode(value, 'base64'),
  },
  {
    name: 'b64enc',
    signature: 'b64enc(value)',
    doc: 'The same as `base64`.',
    example: `{"valueBytes": "<%= b64enc('{}') %>"}`,
    renders: '{"valueBytes": "e30="}',
    costUs: 0.2,
    create: () => (value) => new Finished(encode(value, 'b64enc')),
    createPrinted: () => (value) => encode(value, 'b64enc'),
  },
  {
    name: 'base64decode',
    signature: 'base64decode(base64)',
    doc: 'The text in a base64 text. An error when it is no base64. Finished: an event stands in a message as the JSON that it is.',
    example: `{"body": <%= base64decode('eyJhIjogMX0=') %>}`,
    renders: '{"body": {"a": 1}}',
    costUs: 0.3,
    more: 'for longer texts',
    create: () => decode('base64decode'),
  },
  {
    name: 'b64dec',
    signature: 'b64dec(base64)',
    doc: 'The same as `base64decode`.',
    example: `{"body": <%= nospace(b64dec('eyJhIjogMX0=')) %>}`,
    renders: '{"body": {"a":1}}',
    costUs: 0.5,
    more: 'for longer texts',
    create: () => decode('b64dec'),
  },
  {
    name: 'toBytes',
    signature: 'toBytes(text)',
    doc: 'The bytes of a text in UTF-8, for `base64` and `sha256sum` (which take texts as well).',
    example: `<%= base64(toBytes('key:')) %>`,
    renders: 'a2V5Og==',
    costUs: 0.3,
    create: () => (text) => Buffer.from(textOf(text, 'toBytes')),
  },
  {
    name: 'sha256sum',
    signature: 'sha256sum(value)',
    doc: 'SHA-256 of a text or bytes, in hexadecimal.',
    example: `{"emailHash": "<%= sha256sum('ann@example.com') %>"}`,
    renders: null,
    costUs: 0.8,
    more: 'for longer texts',
    create: () => (value) => createHash('sha256').update(bytesOf(value, 'sha256sum')).digest('hex'),
  },
];

function encode(value: unknown, name: string): string {
  return bytesOf(value, name).toString('base64');
}

function decode(name: string) {
  return (value: unknown) => {
    const text = textOf(value, name);
    const bytes = Buffer.from(text, 'base64');
    // Buffer leaves out what is no base64: then there are fewer bytes than the characters ask for.
    const isWhole = text.length % 4 === 0 && bytes.length === Math.floor((withoutPadding(text) * 3) / 4);
    if (!isWhole && !isBase64(text.replaceAll(/\s+/g, ''))) {
      throw new TypeError(`${name}: ${described(text)} is no base64`);
    }
    return new Finished(bytes.toString());
  };
}

/** In either alphabet; padding may be missing, but not be wrong. */
function isBase64(text: string): boolean {
  const length = withoutPadding(text);
  return (
    (length === text.length || text.length % 4 === 0) && length % 4 !== 1 && /^[\w+/-]*={0,2}$/.test(text)
  );
}

function withoutPadding(text: string): number {
  return text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
}

function bytesOf(value: unknown, name: string): Buffer {
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return Buffer.from(textOf(value, name));
}
