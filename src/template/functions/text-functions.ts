import { compactJson } from '../compact-json.ts';
import { Finished } from '../print.ts';
import { described, textOf } from './arguments.ts';
import type { FunctionEntry } from './function-entry.ts';

/** Texts, lists and JSON. */
export const textFunctions: FunctionEntry[] = [
  {
    name: 'toJSON',
    signature: 'toJSON(value)',
    doc: 'The value as JSON, a text with its quotes. Finished.',
    example: `{"tags": <%= toJSON(['a', 'b "c"']) %>}`,
    renders: `{"tags": ["a","b \\"c\\""]}`,
    costUs: 0.2,
    more: 'for longer texts',
    create: () => (value) => {
      const json: string | undefined = JSON.stringify(value);
      if (json === undefined) throw new TypeError(`toJSON: ${described(value)} has no form in JSON`);
      return new Finished(json);
    },
  },
  {
    name: 'quote',
    signature: 'quote(text)',
    doc: 'The text in double quotes, escaped as a JSON string. Finished.',
    example: `{"name": <%= quote('Ann "Nan" Li') %>}`,
    renders: `{"name": "Ann \\"Nan\\" Li"}`,
    costUs: 0.2,
    more: 'for longer texts',
    create: () => (text) => new Finished(JSON.stringify(textOf(text, 'quote'))),
  },
  {
    name: 'compactJSON',
    signature: 'compactJSON(json)',
    doc: 'The same JSON without the white space that means nothing; what is in its strings stays. An error when it is no JSON. Finished.',
    example: `<%= compactJSON('{ "name": "Ann  Li" }') %>`,
    renders: '{"name":"Ann  Li"}',
    costUs: 0.7,
    more: 'for longer texts',
    create: () => (json) => new Finished(compactJson(textOf(json, 'compactJSON'))),
  },
  {
    name: 'nospace',
    signature: 'nospace(text)',
    doc: 'The text without any white space, also inside of JSON strings: what it is given finished, it gives back finished. For JSON `compactJSON` is nearly always what is meant.',
    example: `{"phone": "<%= nospace('+1 555 0100') %>"}`,
    renders: '{"phone": "+15550100"}',
    costUs: 0.2,
    more: 'for longer texts',
    create: () => (text) => sameKind(text, textOf(text, 'nospace').replaceAll(/\s+/g, '')),
  },
  {
    name: 'trim',
    signature: 'trim(text)',
    doc: 'The text without white space at its ends; finished stays finished.',
    example: `<%= trim('  a b ') %>`,
    renders: 'a b',
    costUs: 0.05,
    create: () => (text) => sameKind(text, textOf(text, 'trim').trim()),
  },
  {
    name: 'upper',
    signature: 'upper(text)',
    doc: 'The text in capital letters.',
    example: `<%= upper('de') %>`,
    renders: 'DE',
    costUs: 0.07,
    create: () => (text) => textOf(text, 'upper').toUpperCase(),
  },
  {
    name: 'lower',
    signature: 'lower(text)',
    doc: 'The text in small letters.',
    example: `<%= lower('Ann') %>`,
    renders: 'ann',
    costUs: 0.04,
    create: () => (text) => textOf(text, 'lower').toLowerCase(),
  },
  {
    name: 'list',
    signature: 'list(…values)',
    doc: 'A list of the values, the same as `[…values]`.',
    example: `<%= list('a', 1, true) %>`,
    renders: '["a",1,true]',
    costUs: 0.1,
    create:
      () =>
      (...values) =>
        values,
  },
  {
    name: 'join',
    signature: 'join(list, separator)',
    doc: "The elements of the list as one text. sprig's order, `join(separator, list)`, is understood too.",
    example: `<%= join(list('key', ''), ':') %>`,
    renders: 'key:',
    costUs: 0.1,
    create: () => (first, second) => {
      const [values, separator] = Array.isArray(first) ? [first, second ?? ''] : [second, first];
      if (!Array.isArray(values)) throw new TypeError(`join: a list is needed, not ${described(first)}`);
      return values.map((value) => textOf(value, 'join')).join(textOf(separator, 'join'));
    },
  },
  {
    name: 'now',
    signature: 'now(format)',
    doc: "The time: `now()` or `now('iso')` in ISO 8601 with milliseconds (UTC), `now('unix')` in seconds and `now('unixMs')` in milliseconds since 1970.",
    example: `{"sentAt": "<%= now() %>", "ts": <%= now('unixMs') %>}`,
    renders: null,
    costUs: 0.2,
    create: ({ now }) => timeIn(now),
    createPrinted: ({ now }) => {
      const time = timeIn(now);
      // Digits, and letters that no JSON escapes.
      return (format) => `${time(format)}`;
    },
  },
];

function timeIn(now: () => number): (format?: unknown) => string | number {
  let lastMs = Number.NaN;
  let lastIso = '';
  return (format = 'iso') => {
    const ms = now();
    if (format === 'iso') {
      // Many calls fall into one millisecond, and making the text is the dear part.
      if (ms !== lastMs) {
        lastMs = ms;
        lastIso = new Date(ms).toISOString();
      }
      return lastIso;
    }
    if (format === 'unix') return Math.floor(ms / 1000);
    if (format === 'unixMs') return ms;
    throw new TypeError(`now: the format must be "iso", "unix" or "unixMs", not ${described(format)}`);
  };
}

/** Taking white space away leaves JSON what it is, so it stays finished. */
function sameKind(from: unknown, text: string): string | Finished {
  return from instanceof Finished ? new Finished(text) : text;
}
