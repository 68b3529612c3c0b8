/** `ESC [ … m`; nothing else that controls a terminal gets into a text. */
const MARKUP = /\p{Cc}\[[0-9;]*m/gu;
const MARKUP_OR_TEXT = /(\p{Cc}\[[0-9;]*m)/u;
/** Control characters, and what breaks lines or turns the direction of writing. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu;
const NO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
/** East Asian wide characters and pictures, by their main blocks. */
const DOUBLE_WIDTH =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]$/u;

/** Text from elsewhere (names, a target's errors) on one line and without anything that a terminal would obey. */
export function printable(text: string): string {
  return text.replace(CONTROL, ' ').trim();
}

/** How many columns a text takes, without its markup. */
export function widthOf(text: string): number {
  const bare = text.replace(MARKUP, '');
  let width = 0;
  for (const character of bare) width += widthOfCharacter(character);
  return width;
}

/** The text if it fits into `columns`, else its beginning with `…` at the end. Markup is kept and closed. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns <= 0) return '';
  let result = '';
  let width = 0;
  let marked = false;
  for (const part of text.split(MARKUP_OR_TEXT)) {
    if (part.startsWith('\x1b')) {
      result += part;
      marked = true;
      continue;
    }
    for (const character of part) {
      const next = widthOfCharacter(character);
      if (width + next > columns - 1) return `${result}…${marked ? '\x1b[0m' : ''}`;
      result += character;
      width += next;
    }
  }
  return result;
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - widthOf(text))) + text;
}

/** Breaks a text between words into lines of at most `columns`; a longer word has a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines;
}

/**
 * Rows as aligned lines, each column as wide as its widest cell, two spaces apart.
 * @param align `l` or `r` for each column
 */
export function table(rows: readonly (readonly string[])[], align: string): string[] {
  const widths = [...align].map((_, column) => Math.max(0, ...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) =>
    widths
      .map((width, column) => (align[column] === 'r' ? padStart : padEnd)(row[column] ?? '', width))
      .join('  ')
      .trimEnd(),
  );
}

function widthOfCharacter(character: string): number {
  if (character < '\x7f') return 1;
  if (NO_WIDTH.test(character)) return 0;
  return DOUBLE_WIDTH.test(character) ? 2 : 1;
}
