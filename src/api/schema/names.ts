import { matching } from './cel.ts';
import { fields, text } from './kinds.ts';

const DNS_LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const DNS_SUBDOMAIN = `${DNS_LABEL}(?:\\.${DNS_LABEL})*`;
const QUALIFIED_NAME = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
/** Part of a path: not empty, not of dots alone. */
const FILE_NAME_PART = '\\.*[-_a-zA-Z0-9][-._a-zA-Z0-9]*';

/** The name of an object: parts of lower-case letters, digits and `-`, joined by dots (a DNS-1123 subdomain). */
export function objectName() {
  const expected =
    'a name of at most 253 lower-case letters, digits, - and ., that starts and ends with a letter or digit, such as tracking-api';
  return text(1, 253, expected, matching(new RegExp(`^${DNS_SUBDOMAIN}$`)));
}

/** A namespace (a DNS-1123 label). */
export function namespaceName() {
  const expected = 'a namespace of at most 63 lower-case letters, digits and -, such as ingest';
  return text(1, 63, expected, matching(new RegExp(`^${DNS_LABEL}$`)));
}

/** A key of a label or annotation: a name of at most 63 characters, after a DNS prefix of at most 253 and `/` or without. */
export function labelKey() {
  return text(
    1,
    317,
    'a key such as app or example.com/team',
    matching(new RegExp(`^(?:${DNS_SUBDOMAIN}/)?${QUALIFIED_NAME}$`), /^[^/]{254}/),
  );
}

export function labelValue() {
  const expected =
    'a label value of letters, digits, -, _ and ., that starts and ends with a letter or digit';
  return text(0, 63, expected, matching(/^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/));
}

/** A key of a ConfigMap or Secret. */
export function dataKey() {
  return text(1, 253, 'a key of letters, digits, -, _ and .', matching(/^[-._a-zA-Z0-9]+$/));
}

/** A key of a ConfigMap or Secret of the LoadTest's own namespace. */
export const KeyReference = fields({ name: objectName(), key: dataKey() });

/** The name of a template or of a file of targets: a relative path with `/`. */
export function fileName() {
  return text(
    1,
    253,
    'a file name such as track.json or events/track.json',
    matching(new RegExp(`^${FILE_NAME_PART}(?:/${FILE_NAME_PART})*$`), /(?:^|\/)__proto__(?:\/|$)/),
  );
}

/** The name of a variable, as templates write it behind `it.`. */
export function variableName() {
  return text(
    1,
    63,
    'a name of letters, digits and _ that starts with no digit, such as BaseURL',
    matching(/^[A-Za-z_][A-Za-z0-9_]*$/, /^__proto__$/),
  );
}
