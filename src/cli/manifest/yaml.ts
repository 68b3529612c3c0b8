import {
  type Document,
  isCollection,
  isScalar,
  Lexer,
  LineCounter,
  type Node,
  parseAllDocuments,
  visit,
} from 'yaml';
import { shown } from '../../units/shown.ts';
import { UsageError } from '../errors.ts';
import { SCALAR_TAGS } from './scalars.ts';

/** Maps and lists within one another: the deepest manifest that is read. */
const MAX_DEPTH = 64;

/** How often one anchor may be taken up, with all that it contains. */
const MAX_ALIASES = 100;

/** The most tokens (names, values, line ends, indentations) of a text: about 40,000 lines, parsed in about a second. */
const MAX_TOKENS = 300_000;

const TOO_DEEP = `is nested more than ${MAX_DEPTH} deep`;

/** Ends the reading of a text. @param offset where in the text the problem is */
type Fail = (message: string, offset: number) => never;

/**
 * The documents of a YAML or JSON text, read as kubectl reads them, but with repeated keys refused.
 * Documents that are empty are left out.
 * @param file how the text is called in messages
 * @throws UsageError with file, line and column
 */
export function parseYaml(text: string, file: string): unknown[] {
  const lines = new LineCounter();
  const fail: Fail = (message, offset) => {
    const { line, col } = lines.linePos(offset);
    throw new UsageError(`${file}:${line}:${col}: ${shortened(message)}`);
  };
  try {
    boundTokens(text);
    const documents = parseAllDocuments(text, {
      version: '1.1',
      schema: 'failsafe',
      merge: true,
      customTags: SCALAR_TAGS,
      // Comparing each key with each other takes for ever in a map of many; `checkNodes` does it with a set.
      uniqueKeys: false,
      prettyErrors: false,
      lineCounter: lines,
    });
    if (!Array.isArray(documents)) return [];
    return documents.map((document) => valueOf(document, fail)).filter((value) => value !== null);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file}: ${shortened(reasonOf(error))}`);
  }
}

function boundTokens(text: string): void {
  let tokens = 0;
  for (const _ of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) throw new Error(`is too large: more than ${MAX_TOKENS} names and values`);
  }
}

function valueOf(document: Document.Parsed, fail: Fail): unknown {
  const error = document.errors[0] ?? document.warnings[0];
  if (error !== undefined) {
    // The parser reports a text that is too deep for its stack under this message, as an error of syntax.
    fail(error.message.startsWith('Maximum call stack') ? TOO_DEEP : error.message, error.pos[0]);
  }
  checkNodes(document, fail);
  return document.toJS({ maxAliasCount: MAX_ALIASES });
}

/** Refuses what is too deep or contains itself, and keys that are repeated, are no texts or could be JavaScript's own. */
function checkNodes(document: Document.Parsed, fail: Fail): void {
  visit(document, {
    Collection(_, node, path) {
      if (path.filter(isCollection).length >= MAX_DEPTH) fail(TOO_DEEP, start(node));
    },
    Alias(_, alias, path) {
      const around = path.some((node) => isCollection(node) && node.anchor === alias.source);
      if (around) fail(`the alias ${shown(alias.source)} stands within what it stands for`, start(alias));
    },
    Pair(_, { key }) {
      if (!isScalar(key) || key.value === null) fail('a key must be a text', start(key as Node));
      else if (key.value === '__proto__') fail('__proto__ cannot be a key', start(key as Node));
    },
  });
  visit(document, {
    Map(_, map) {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        const name = String((key as { value: unknown }).value);
        if (seen.has(name)) fail(`the key ${shown(name)} is there twice`, start(key as Node));
        seen.add(name);
      }
    },
  });
}

/** The parser's messages repeat what they are about, however long it is. */
function shortened(message: string): string {
  return message.length > 200 ? `${message.slice(0, 199)}…` : message;
}

function start(node: Node): number {
  return node.range?.[0] ?? 0;
}

function reasonOf(error: unknown): string {
  if (error instanceof RangeError) return TOO_DEEP;
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith('Excessive alias count')) {
    return `its aliases would make it grow without bound (more than ${MAX_ALIASES} copies)`;
  }
  return message.split('\n', 1)[0]!;
}
