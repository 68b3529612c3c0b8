import { parseResultLine, type ResultLine, ResultLineError } from './result-line.ts';

/** Longer than any result; what has no line end until then is some other file. */
const LONGEST_LINE = 256 * 1024 * 1024;
const NEWLINE = 10;

/** A result file that cannot be read, in words for its user. */
export class ResultFileError extends Error {
  override readonly name = 'ResultFileError';
}

/**
 * Reads results from the bytes of one file, holding one chunk and the beginning of one line at a time.
 * A last line without its newline counts if it is whole, and is left out if it was cut off.
 *
 * @param name what the file is called in messages
 * @param take gets each result
 * @returns what the user should know about the file; empty when all is well
 * @throws ResultFileError naming file and line
 */
export async function readResults(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  take: (line: ResultLine) => void,
): Promise<string[]> {
  let number = 0;
  let results = 0;
  const lineOf = (text: string): void => {
    number++;
    if (text === '' || text === '\r') return;
    take(parsed(text, name, number));
    results++;
  };
  let begun: Buffer[] = [];
  let begunLength = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (number === 0 && begunLength === 0) refuseOtherFormats(bytes, name);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      if (begunLength > 0) {
        lineOf(Buffer.concat([...begun, bytes.subarray(0, end)]).toString());
        begun = [];
        begunLength = 0;
      } else {
        lineOf(bytes.toString('utf8', from, end));
      }
      from = end + 1;
    }
    if (from < bytes.length) {
      begun.push(Buffer.from(bytes.subarray(from)));
      begunLength += bytes.length - from;
      if (begunLength > LONGEST_LINE)
        throw new ResultFileError(`${name} line ${number + 1}: it is too long for a result`);
    }
  }
  const notes = lastLine(Buffer.concat(begun).toString(), name, number + 1, (line) => {
    take(line);
    results++;
  });
  return results === 0 && notes.length === 0 ? [`${name} holds no results`] : notes;
}

function lastLine(text: string, name: string, number: number, take: (line: ResultLine) => void): string[] {
  if (text.trim() === '') return [];
  if (!isJson(text)) {
    if (number === 1) parsed(text, name, number);
    return [`${name} line ${number} is cut off in the middle and was left out`];
  }
  take(parsed(text, name, number));
  return [`${name} ends without a newline: its last line is counted here, but Vegeta would not read it`];
}

function parsed(text: string, name: string, number: number): ResultLine {
  try {
    return parseResultLine(text);
  } catch (error) {
    if (!(error instanceof ResultLineError)) throw error;
    throw new ResultFileError(`${name} line ${number}: ${error.message}`, { cause: error });
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The formats that a user may have at hand instead, by how they begin. */
function refuseOtherFormats(bytes: Buffer, name: string): void {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new ResultFileError(
      `${name} is compressed: unpack it first, for example with \`gzip -dc ${name} | taz report -\``,
    );
  }
  const head = bytes.toString('utf8', 0, 200);
  if (/^\d{15,20},\d+,\d+,/.test(head)) {
    throw new ResultFileError(
      `${name} is in Vegeta's CSV format: \`vegeta encode -to json\` makes what is read here`,
    );
  }
  if (/[^\P{Cc}\s]/u.test(head)) {
    throw new ResultFileError(
      `${name} is binary: of Vegeta's formats the JSON one is read here, which \`vegeta encode -to json\` makes`,
    );
  }
}
