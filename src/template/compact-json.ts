const SPACE_OR_STRING = /"(?:[^"\\]|\\.)*"|[ \n\r\t]+/g;

/**
 * JSON without its insignificant white space; strings, numbers, double keys and order stay as they are written.
 * @throws Error when the text is no JSON
 */
export function compactJson(json: string): string {
  try {
    JSON.parse(json);
  } catch (error) {
    throw new Error(`compactJSON: ${(error as Error).message}`, { cause: error });
  }
  return json.replace(SPACE_OR_STRING, (match) => (match[0] === '"' ? match : ''));
}
