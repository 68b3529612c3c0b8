import { shown } from '../units/shown.ts';
import { TargetError } from './target-error.ts';

/** A URL in the two parts that a request needs. */
export interface SplitUrl {
  /** Scheme, host and port in their usual form, such as `http://127.0.0.1:8080`. */
  readonly origin: string;
  /** Path and query, starting with `/`, only of characters that RFC 3986 allows. */
  readonly path: string;
}

/** More hosts than a test has; what a template makes up beyond them costs time, not memory. */
const MAX_KNOWN = 4096;

/** Scheme and authority as they were written, to the origin they mean. */
const known = new Map<string, string>();

/** A character that cannot stand in a path and query as it is. `%` can: escapes are sent as they were written. */
const UNUSUAL = /[^!$-;=?-[\]_a-z~]/;
const TO_ESCAPE = /[ "<>\\^`{|}\u0080-\uffff]+/g;

/**
 * Splits an absolute `http` or `https` URL. A fragment is dropped, as it is never sent; characters that no URL may hold
 * are percent-encoded; dot segments and escapes stay as they are. @throws TargetError that says what is wrong
 */
export function splitUrl(url: string): SplitUrl {
  const slash = url.indexOf('/', 8);
  const end = slash === -1 ? url.length : slash;
  const origin = known.get(url.slice(0, end));
  // A `?` or `#` before the first slash of the path makes a text that is never known.
  if (origin === undefined) return splitUnknown(url);
  const path = slash === -1 ? '/' : url.slice(slash);
  return { origin, path: UNUSUAL.test(path) ? escapePath(path) : path };
}

function splitUnknown(url: string): SplitUrl {
  const scheme = /^(https?):\/\//i.exec(url);
  if (!scheme) throw new TargetError(`url ${shown(url)} is not absolute: ${schemeAdvice(url)}`);
  const rest = url.slice(scheme[0].length);
  const length = rest.search(/[/?#]/);
  const authority = length === -1 ? rest : rest.slice(0, length);
  const written = scheme[0] + authority;
  const origin = known.get(written) ?? remember(written, readOrigin(scheme[1]!.toLowerCase(), authority));
  const path = rest.slice(authority.length);
  return { origin, path: escapePath(path.startsWith('/') ? path : `/${path}`) };
}

function schemeAdvice(url: string): string {
  const other = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url);
  if (other) return `${shown(other[1]!)} cannot be sent to, only http:// and https://`;
  return 'write scheme and host too, such as "http://127.0.0.1:8080/path"';
}

function readOrigin(scheme: string, authority: string): string {
  const at = authority.lastIndexOf('@');
  if (at !== -1) {
    // The credentials themselves are not repeated: messages end in logs.
    const host = shown(`${scheme}://…@${authority.slice(at + 1)}`);
    throw new TargetError(
      `url ${host} holds credentials: send them in a header, "Authorization": ["Basic …"]`,
    );
  }
  const text = `${scheme}://${authority}`;
  // `new URL` would drop tabs and line ends and read a backslash as a slash.
  if (authority === '' || /[\p{Cc} "<>\\^`{|}]/u.test(authority)) throw hostError(text);
  const parsed = URL.parse(text);
  if (parsed === null || parsed.port === '0') throw hostError(text);
  return parsed.origin;
}

function hostError(text: string): TargetError {
  return new TargetError(`url ${shown(text)} has no valid host and port, such as "http://127.0.0.1:8080"`);
}

function remember(written: string, origin: string): string {
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(written, origin);
  return origin;
}

function escapePath(written: string): string {
  const hash = written.indexOf('#');
  const path = hash === -1 ? written : written.slice(0, hash);
  const control = /\p{Cc}/u.exec(path);
  if (control) {
    const place = shown(path.slice(Math.max(0, control.index - 20), control.index + 20));
    throw new TargetError(
      `url has a control character in its path, near ${place}: percent-encode or remove it`,
    );
  }
  return path.replace(TO_ESCAPE, (text) => encodeURIComponent(text.toWellFormed()));
}
