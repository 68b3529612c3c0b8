import type { EventText } from '../event-text.ts';
import { Finished } from '../print.ts';
import { described, nameOf } from './arguments.ts';
import type { FunctionContext, FunctionEntry } from './function-entry.ts';

/** Fake data, events, profiles and other templates: what makes a target out of templates. */
export const dataFunctions: FunctionEntry[] = [
  {
    name: 'phony',
    signature: 'phony(kind)',
    doc: 'A made-up value of a kind: `email`, `ipv4`, `product.name` and so on (see [fake data](#fake-data)). Values are picked from a pool of `events.pool` values; only ids are unique.',
    example: `{"email": "<%= phony('email') %>"}`,
    renders: null,
    costUs: 0.1,
    create:
      ({ fake }) =>
      (kind) =>
        fake.phony(nameOf(kind, 'phony', 'the kind')),
    createPrinted:
      ({ fake }, print) =>
      (kind) =>
        fake.phonyPrinted(nameOf(kind, 'phony', 'the kind'), print),
  },
  {
    name: 'faker',
    signature: 'faker(path, …arguments)',
    doc: 'What a method of [faker](https://fakerjs.dev/api/) gives, by its dotted path. There is a pool for each path and list of arguments; filling it costs what faker costs (2 to 10 µs a value).',
    example: `{"company": "<%= faker('company.name') %>"}`,
    renders: null,
    costUs: 0.2,
    create:
      ({ fake }) =>
      (path, ...args) =>
        fake.faker(nameOf(path, 'faker', 'the path'), ...args),
  },
  {
    name: 'includeTemplate',
    signature: 'includeTemplate(name)',
    doc: 'What another template of the set renders to, without the white space at its ends. It sees the same `it`. Includes may go 32 deep.',
    example: `{"context": <%= includeTemplate('context.json') %>}`,
    renders: null,
    costUs: 0.1,
    more: 'by what the template costs',
    create:
      ({ include, variables }) =>
      (name, data) =>
        include(templateOf(name, data, variables)),
    createPrinted:
      ({ includePrinted, variables }) =>
      (name, data) =>
        includePrinted(templateOf(name, data, variables)),
  },
  {
    name: 'includeEvent',
    signature: 'includeEvent(name, type)',
    doc: 'An event in base64, for the `body` of a target: rendered from the template, or the last one of its type again (see [events](#events-reuse-and-duplicates)).',
    example: `{"body": "<%= includeEvent('track.json', 'track') %>"}`,
    renders: null,
    costUs: 0.8,
    more: 'by what the template costs',
    create: (context) => (name, type) => new Finished(nextEvent(context, name, type).base64),
    createPrinted: (context) => (name, type) => context.marks.mark(nextEvent(context, name, type)),
  },
  {
    name: 'selectWriteKey',
    signature: 'selectWriteKey(keys, type)',
    doc: 'One of the keys (a list, or a single one), at random; for a duplicate event of that type the key that the original was sent with.',
    example: `{"writeKey": "<%= selectWriteKey(it.WriteKeys, 'track') %>"}`,
    renders: null,
    costUs: 0.1,
    create:
      ({ events }) =>
      (keys, type) =>
        // The memory says what it needs where this is no key.
        events.selectWriteKey(keys as string | string[], nameOf(type, 'selectWriteKey', 'the type')),
  },
  {
    name: 'selectPersonasIdSet',
    signature: 'selectPersonasIdSet()',
    doc: 'Some identifiers of one synthetic profile (see [profiles](#profiles)): an object with `userId`, `anonymousId` and `email`, each of which may be missing.',
    example: `<% const ids = selectPersonasIdSet() %>{<% if (ids.HasEmail) { %>"email": "<%= ids.GetEmail %>"<% } %>}`,
    renders: null,
    costUs: 0.9,
    create:
      ({ profiles }) =>
      () =>
        profiles.select(),
  },
];

/** Go templates hand the data on with a dot; here it always is, so `it` may stand there and nothing else. */
function templateOf(name: unknown, data: unknown, variables: object): string {
  if (data !== undefined && data !== variables) {
    throw new TypeError(
      `includeTemplate: it takes a name and no data (${described(data)}); the template sees the same it`,
    );
  }
  return nameOf(name, 'includeTemplate', 'the name');
}

function nextEvent({ events, requireTemplate }: FunctionContext, name: unknown, type: unknown): EventText {
  const template = nameOf(name, 'includeEvent', 'the name');
  requireTemplate(template);
  return events.includeEvent(template, nameOf(type, 'includeEvent', 'the type'));
}
