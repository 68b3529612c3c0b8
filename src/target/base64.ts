import { shown } from '../units/shown.ts';
import { TargetError } from './target-error.ts';

const STANDARD_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/**
 * The bytes that `text` stands for in standard base64 with padding (RFC 4648 §4); line ends between its characters are
 * skipped, as Go does. @param field what it is called in messages @throws TargetError for anything else
 */
export function decodeBase64(text: string, field = 'body'): Buffer {
  const bytes = Buffer.from(text, 'base64');
  // Node's decoder skips what it does not know and also takes the URL alphabet, so the way back is the proof.
  if (bytes.toString('base64') === text) return bytes;
  return decodeUnusual(text, field);
}

/** Base64 that is right but not as an encoder writes it: with line ends, or with unused bits set before the padding. */
function decodeUnusual(text: string, field: string): Buffer {
  const joined = text.replace(/[\r\n]/g, '');
  if (!STANDARD_BASE64.test(joined))
    throw new TargetError(`${field} is no base64: ${complaint(joined, field)}`);
  return Buffer.from(joined, 'base64');
}

function complaint(text: string, field: string): string {
  const wrong = /[^A-Za-z0-9+/=]/u.exec(text);
  if (wrong) {
    const character = shown(wrong[0]);
    const hint = /[-_]/.test(wrong[0])
      ? 'that is the URL alphabet, the standard one has + and /'
      : `encode the ${field}, in a template with b64enc()`;
    return `${character} stands at character ${wrong.index + 1} of ${shown(text)}; ${hint}`;
  }
  return `${shown(text)} has ${text.length} characters, = only ends it and their number is a multiple of 4`;
}
