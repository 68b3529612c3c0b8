import { z } from 'zod';

/**
 * A condition in the Common Expression Language, for who checks a manifest without this code (an API server).
 * @param self the expression that stands for the value
 */
export type Cel = (self: string) => string;

/** What must hold for a text besides its length: in code and, meaning the same, in CEL. */
export interface Check {
  holds: (value: string) => boolean;
  cel: Cel;
}

/** A check as a sentence: the condition and what is wrong where it does not hold. */
export interface CelCheck {
  cel: Cel;
  /** What is right, as a whole sentence about the value: `must be a rate over 0 such as 5000/s`. */
  message: string;
  /** An expression of the sentence with the value in it; left out where the value must not be repeated or is long. */
  sentence?: Cel;
}

/** What a schema says that zod cannot tell: bounds that are checked by code of ours, and checks in CEL. */
export interface SchemaNotes {
  minLength?: number;
  maxLength?: number;
  minProperties?: number;
  maxProperties?: number;
  checks?: CelCheck[];
  /** Source of a regular expression that every right text matches, for who has nothing better; what is expected, in words. */
  pattern?: string;
  expected?: string;
  /** A form that JSON Schema has a name for. */
  format?: 'date-time';
  /** The fields within are not Taz's own, and nothing but their being a map can be said of them. */
  opaque?: true;
}

/** Each schema with a check of our own is in it, so that none is forgotten where the schema is written in another language. */
export const schemaNotes = z.registry<SchemaNotes>();

/**
 * A check by regular expressions without flags, look-around and back-references, so that JavaScript and RE2 read them
 * alike. @param except what must not match
 */
export function matching(pattern: RegExp, except?: RegExp): Check {
  return {
    holds: (value) => pattern.test(value) && !except?.test(value),
    cel: (self) => {
      const matches = `${self}.matches(${celPattern(pattern)})`;
      return except === undefined ? matches : `${matches} && !${self}.matches(${celPattern(except)})`;
    },
  };
}

/** A regular expression as a literal of CEL. */
export function celPattern({ source, flags }: RegExp): string {
  if (flags !== '' || /\(\?[=!<]|\\[1-9dDwWbB]|'/.test(source)) {
    throw new TypeError(`/${source}/${flags} is not read alike by JavaScript and RE2`);
  }
  return `r'${source.replaceAll('\\/', '/')}'`;
}

/** A text as a literal of CEL. */
export function celText(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\0', '\\u0000')}'`;
}

/** An expression of a text as messages repeat it: in quotes, its end cut off where it is long. @param most its length at most */
export function celShown(self: string, most: number): string {
  const text = most > 60 ? `(size(${self}) > 60 ? ${self}.substring(0, 59) + '…' : ${self})` : self;
  return `'"' + ${text} + '"'`;
}

/** The sentence `"value" is not what is expected`, with the value and without. */
export function isNotInCel(cel: Cel, expected: string, most: number): CelCheck {
  return {
    cel,
    message: `must be ${expected}`,
    sentence: (self) => `${celShown(self, most)} + ${celText(` is not ${expected}`)}`,
  };
}
