import { formatPath, type Problem } from '../../api/problem.ts';
import { isNot, isNotText } from '../../api/wording.ts';
import { isFields } from '../../api/written.ts';
import type { Data } from '../../source/surroundings.ts';

/** The most that a ConfigMap or Secret holds. */
const MAX_BYTES = 1_048_576;

/** The texts of a ConfigMap. What stands in `binaryData` is no text and left out. */
export function configMapData(object: Record<string, unknown>, problems: Problem[]): Data {
  return textsOf(object, 'data', problems, true);
}

/** The texts of a Secret: `data` decoded, under `stringData`. Messages never repeat a value; what is no text is left out. */
export function secretData(object: Record<string, unknown>, problems: Problem[]): Data {
  const encoded = Object.entries(textsOf(object, 'data', problems, false));
  const decoded = encoded.flatMap(([key, value]): [string, string][] => {
    const bytes = decodeBase64(value);
    if (bytes === null) {
      problems.push({
        path: formatPath(['data', key]),
        value: undefined,
        message: 'is not base64: encode it, or put the text itself under stringData',
      });
      return [];
    }
    const text = utf8(bytes);
    return text === null ? [] : [[key, text]];
  });
  const plain = Object.entries(textsOf(object, 'stringData', problems, false));
  return Object.fromEntries([...decoded, ...plain]);
}

function textsOf(object: Record<string, unknown>, field: string, problems: Problem[], show: boolean): Data {
  const map = object[field] ?? {};
  if (!isFields(map)) {
    problems.push({
      path: field,
      value: undefined,
      message: isNot(show ? map : [], 'a map from keys to texts'),
    });
    return {};
  }
  let bytes = 0;
  const texts: [string, string][] = [];
  for (const [key, value] of Object.entries(map)) {
    if (typeof value === 'string') {
      texts.push([key, value]);
      bytes += Buffer.byteLength(value);
    } else {
      const message = show ? isNotText(value) : 'is no text: put it in quotes';
      problems.push({ path: formatPath([field, key]), value: undefined, message });
    }
  }
  if (bytes > MAX_BYTES) {
    problems.push({
      path: field,
      value: undefined,
      message: `has ${bytes} bytes; Kubernetes takes at most ${MAX_BYTES}`,
    });
  }
  return Object.fromEntries(texts);
}

function decodeBase64(text: string): Buffer | null {
  const compact = text.replace(/[\r\n]/g, '');
  return compact.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(compact)
    ? Buffer.from(compact, 'base64')
    : null;
}

function utf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
