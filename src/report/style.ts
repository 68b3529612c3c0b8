type Mark = (text: string) => string;

/** Marks up text for a terminal, or leaves it as it is. */
export interface Style {
  readonly bold: Mark;
  readonly dim: Mark;
  readonly good: Mark;
  readonly warn: Mark;
  readonly bad: Mark;
  readonly accent: Mark;
}

/** The sixteen colours that every terminal has, in the user's own palette. */
const COLOURED: Style = {
  bold: sequence(1, 22),
  dim: sequence(2, 22),
  good: sequence(32, 39),
  warn: sequence(33, 39),
  bad: sequence(31, 39),
  accent: sequence(36, 39),
};

const PLAIN: Style = { bold: same, dim: same, good: same, warn: same, bad: same, accent: same };

export function styleFor(colour: boolean): Style {
  return colour ? COLOURED : PLAIN;
}

/** Colour is for terminals, and only where the user has not asked for none (https://no-color.org). */
export function wantsColour(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  return stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}

function sequence(on: number, off: number): Mark {
  return (text) => (text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`);
}

function same(text: string): string {
  return text;
}
