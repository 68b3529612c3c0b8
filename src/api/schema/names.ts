import { fields, text } from './kinds.ts';

const DNS_LABEL = '[a-z0-9](?:[-a-z0-9]*[a-z0-9])?';
const subdomain = new RegExp(`^${DNS_LABEL}(?:\\.${DNS_LABEL})*$`);
const label = new RegExp(`^${DNS_LABEL}$`);
const qualified = /^(?:([^/]+)\/)?([A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;

/** The name of an object: parts of lower-case letters, digits and `-`, joined by dots (a DNS-1123 subdomain). */
export function objectName() {
  const expected =
    'a name of at most 253 lower-case letters, digits, - and ., that starts and ends with a letter or digit, such as tracking-api';
  return text(1, 253, expected, (value) => subdomain.test(value));
}

/** A namespace (a DNS-1123 label). */
export function namespaceName() {
  return text(1, 63, 'a namespace of at most 63 lower-case letters, digits and -, such as ingest', (value) =>
    label.test(value),
  );
}

/** A key of a label or annotation: a name of at most 63 characters, after a DNS prefix and `/` or without. */
export function labelKey() {
  return text(1, 317, 'a key such as app or example.com/team', (value) => {
    const [, prefix, name] = qualified.exec(value) ?? [];
    if (name === undefined || name.length > 63) return false;
    return prefix === undefined || (prefix.length <= 253 && subdomain.test(prefix));
  });
}

export function labelValue() {
  const expected =
    'a label value of letters, digits, -, _ and ., that starts and ends with a letter or digit';
  return text(0, 63, expected, (value) => /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/.test(value));
}

/** A key of a ConfigMap or Secret. */
export function dataKey() {
  return text(1, 253, 'a key of letters, digits, -, _ and .', (value) => /^[-._a-zA-Z0-9]+$/.test(value));
}

/** A key of a ConfigMap or Secret of the LoadTest's own namespace. */
export const KeyReference = fields({ name: objectName(), key: dataKey() });

/** The name of a template or of a file of targets: a relative path with `/`. */
export function fileName() {
  return text(1, 253, 'a file name such as track.json or events/track.json', isFileName);
}

function isFileName(value: string): boolean {
  return value.split('/').every((part) => /^[-._a-zA-Z0-9]+$/.test(part) && !/^\.+$|^__proto__$/.test(part));
}

/** The name of a variable, as templates write it behind `it.`. */
export function variableName() {
  return text(
    1,
    63,
    'a name of letters, digits and _ that starts with no digit, such as BaseURL',
    (value) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) && value !== '__proto__',
  );
}
