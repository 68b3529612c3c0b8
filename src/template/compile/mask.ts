import { placeAt, TemplateError } from '../template-error.ts';

/**
 * The template with everything inside of its tags that is not code blanked out, offsets unchanged: strings, regular
 * expressions and template literals become `x`, comments become spaces. What looks like a tag's end, a quote or a
 * bracket in what is left really is one. (Eta's own parser loses its way in an apostrophe in a `//` comment and in a
 * quote in a regular expression.)
 * @throws TemplateError at a string, comment or tag that is not closed
 */
export function masked(name: string, text: string): string {
  return new Masking(name, text).run();
}

/** After one of these, a slash begins a regular expression and does not divide. */
const BEFORE_REGEXP =
  /(?:^|[([{,;:=!&|?+\-*/%<>~^]|\b(?:return|typeof|case|in|of|delete|void|throw|new|else|do))$/;

class Masking {
  readonly #name: string;
  readonly #text: string;
  #result = '';
  #copied = 0;
  #at = 0;

  constructor(name: string, text: string) {
    this.#name = name;
    this.#text = text;
  }

  run(): string {
    for (let open = this.#text.indexOf('<%'); open !== -1; open = this.#text.indexOf('<%', this.#at)) {
      this.#tag(open);
    }
    return this.#result + this.#text.slice(this.#copied);
  }

  #tag(open: number): void {
    this.#at = open + 2;
    const sign = /[-_]?\s*[=~]?/y;
    sign.lastIndex = this.#at;
    sign.exec(this.#text);
    const codeStart = sign.lastIndex;
    this.#at = codeStart;
    while (!this.#text.startsWith('%>', this.#at)) {
      if (this.#at >= this.#text.length) this.#fail(open, 'the tag is never closed: %> is missing');
      this.#token(codeStart);
    }
    this.#at += 2;
  }

  /** Steps over one token; what is in it is masked where it is no code. */
  #token(codeStart: number): void {
    const text = this.#text;
    const start = this.#at;
    const character = text[start]!;
    if (character === "'" || character === '"') {
      this.#string(character);
    } else if (character === '`') {
      this.#templateLiteral();
    } else if (text.startsWith('/*', start)) {
      const end = text.indexOf('*/', start + 2);
      if (end === -1) this.#fail(start, 'the comment is never closed: */ is missing');
      this.#blank(start, end + 2, ' ');
    } else if (text.startsWith('//', start)) {
      this.#blank(start, this.#endOfLineComment(start), ' ');
    } else if (character === '/' && BEFORE_REGEXP.test(this.#codeBefore(codeStart))) {
      this.#regularExpression();
    } else {
      this.#at++;
    }
  }

  #string(quote: string): void {
    const start = this.#at;
    for (let i = start + 1; i < this.#text.length && this.#text[i] !== '\n'; i++) {
      if (this.#text[i] === '\\') i++;
      else if (this.#text[i] === quote) return this.#blank(start, i + 1, 'x');
    }
    this.#fail(start, `the string is never closed: ${quote} is missing`);
  }

  #templateLiteral(): void {
    const start = this.#at;
    this.#blank(start, start + 1, 'x');
    while (this.#text[this.#at] !== '`') {
      if (this.#at >= this.#text.length)
        this.#fail(start, 'the template literal is never closed: ` is missing');
      if (this.#text.startsWith('${', this.#at)) this.#substitution(start);
      else this.#blank(this.#at, this.#at + (this.#text[this.#at] === '\\' ? 2 : 1), 'x');
    }
    this.#blank(this.#at, this.#at + 1, 'x');
  }

  /** `${…}`: its code may hold strings and template literals of its own. */
  #substitution(literalStart: number): void {
    const open = this.#at;
    this.#blank(open, open + 2, 'x');
    const codeStart = this.#at;
    for (let depth = 1; depth > 0; ) {
      const character = this.#text[this.#at];
      if (character === undefined)
        this.#fail(literalStart, 'the template literal is never closed: ` is missing');
      if (character === '{') depth++;
      if (character === '}') depth--;
      if (depth === 0) this.#blank(this.#at, this.#at + 1, 'x');
      else this.#token(codeStart);
    }
  }

  /** Leaves the slash alone where no other closes it on its line: then it divides. */
  #regularExpression(): void {
    const body = /\/(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n])*\]|[^/\\[\n])+\//y;
    body.lastIndex = this.#at;
    if (body.test(this.#text)) this.#blank(this.#at, body.lastIndex, 'x');
    else this.#at++;
  }

  #endOfLineComment(start: number): number {
    const text = this.#text;
    const ends = [text.indexOf('\n', start), text.indexOf('%>', start)].filter((end) => end !== -1);
    const end = Math.min(...ends, text.length);
    // `-%>` and `_%>` belong to the end of the tag.
    return text.startsWith('%>', end) && /[-_]/.test(text[end - 1]!) ? end - 1 : end;
  }

  /** The masked code of this tag up to here, as far back as it takes to tell what a slash means. */
  #codeBefore(codeStart: number): string {
    const from = Math.max(codeStart, this.#at - 200);
    const ready = this.#result.length;
    const before =
      from < ready
        ? this.#result.slice(from) + this.#text.slice(ready, this.#at)
        : this.#text.slice(from, this.#at);
    return before.trimEnd();
  }

  #blank(start: number, end: number, filler: string): void {
    this.#result += this.#text.slice(this.#copied, start);
    this.#result += this.#text.slice(start, end).replaceAll(/[^\n]/g, filler);
    this.#copied = end;
    this.#at = end;
  }

  #fail(offset: number, reason: string): never {
    throw new TemplateError(this.#name, this.#text, placeAt(this.#text, offset), reason);
  }
}
