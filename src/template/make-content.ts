import { createHash, createHmac, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { countTargets } from '../target/target-lines.ts';
import { type CannedContent, type Content, MAX_LABELS, type TemplateContent } from './content.ts';
import { labelsOf, OTHER_LABEL } from './labels.ts';

/** Digests are shown, and a short secret could be guessed from one: so secrets go in under a key that nobody knows. */
const SECRET_KEY = randomBytes(32).toString('hex');

/** What content may do without. */
interface Extras {
  secretRefs?: Content['secretRefs'];
  /** The key under which values of secrets go into the digest; default: one of this process. */
  secretKey?: string;
}

/** Templates with their labels and digest. Nothing is compiled or run. */
export function makeTemplateContent(
  parts: Pick<TemplateContent, 'entry' | 'files' | 'events' | 'variables' | 'secrets'> & Extras,
): TemplateContent {
  const { entry, files, events, variables, secrets, secretRefs = {}, secretKey = SECRET_KEY } = parts;
  const labels = labelsOf(files, entry);
  const content = {
    kind: 'templates' as const,
    entry,
    files,
    events,
    variables,
    secrets,
    secretRefs,
    labels,
  };
  return { ...content, digest: contentDigest(content, [], secretKey) };
}

/**
 * Canned targets with their count, labels (the files' names) and digest, which covers what is in the files.
 * @throws TargetError for a file that cannot be read
 */
export async function makeCannedContent(
  parts: Pick<CannedContent, 'files' | 'loop' | 'variables' | 'secrets'> & Extras,
): Promise<CannedContent> {
  const { files, loop, variables, secrets, secretRefs = {}, secretKey = SECRET_KEY } = parts;
  const count = await countTargets(files);
  const names = [...new Set(files.map((file) => file.name))];
  const labels = names.length <= MAX_LABELS ? names : [...names.slice(0, MAX_LABELS - 1), OTHER_LABEL];
  const content = { kind: 'targets' as const, files, count, loop, variables, secrets, secretRefs, labels };
  const texts: string[] = [];
  for (const file of files) texts.push('path' in file ? await fileDigest(file.path) : '');
  return { ...content, digest: contentDigest(content, texts, secretKey) };
}

/** @param texts digests of what stands in files */
function contentDigest(content: Omit<Content, 'digest'>, texts: string[], secretKey: string): string {
  const variables = Object.entries(content.variables).map(([name, value]) =>
    content.secrets.includes(name)
      ? [name, createHmac('sha256', secretKey).update(canonicalJson(value)).digest('hex')]
      : [name, value],
  );
  return digestOf({ ...content, variables: Object.fromEntries(variables), texts });
}

/** SHA-256 in hexadecimal over the value as JSON with the keys of every object in order. */
export function digestOf(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(',')}}`;
}

async function fileDigest(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
