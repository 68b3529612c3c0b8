import { z } from 'zod';
import { type CannedContent, type Content, MAX_LABELS } from '../template/content.ts';
import type { Finding } from './protocol.ts';

/** How much text a set may hold, in bytes: what a loader takes in, and some more for variables. */
const MOST_TEXT_BYTES = 5.25 * 1024 * 1024;

const count = z.number().int().min(0);
const digest = z.string().min(1).max(200);
const name = z.string().max(1000);

// What a set holds besides is the business of those who make and use it.
const common = {
  digest,
  labels: z.array(name).min(1).max(MAX_LABELS),
  variables: z.record(name, z.union([z.string(), z.array(z.string())])),
  secrets: z.array(name),
};

const content = z.discriminatedUnion('kind', [
  z.looseObject({
    ...common,
    kind: z.literal('templates'),
    entry: name,
    files: z.record(name, z.string()),
    events: z.looseObject({}),
  }),
  z.looseObject({
    ...common,
    kind: z.literal('targets'),
    files: z.array(z.union([z.object({ name, path: name }), z.object({ name, text: z.string() })])),
    count,
    loop: z.boolean(),
  }),
]);

const from = {
  run: z.string().max(200),
  worker: z.object({ index: count, replacement: count, incarnation: z.string().min(1).max(200) }),
};

const reason = z.string().max(10_000);

const finding = z.discriminatedUnion('kind', [
  z.object({ ...from, kind: z.literal('offered'), order: digest, content }),
  z.object({ ...from, kind: z.literal('refused'), order: digest, reason }),
  z.object({ ...from, kind: z.literal('trouble'), order: digest, reason: reason.nullable() }),
  z.object({ ...from, kind: z.literal('kept'), content }),
]);

/** Reads what a worker has found. @returns what is wrong with it, in words, where it is no finding */
export function readFinding(body: string): Finding | string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return 'the finding is not JSON';
  }
  const result = finding.safeParse(json);
  if (!result.success) {
    const [issue] = result.error.issues;
    return `${issue?.path.join('.') || 'the finding'}: ${issue?.message}`;
  }
  const found = result.data as Finding;
  if (!('content' in found)) return found;
  const bytes = textBytes(found.content);
  if (bytes <= MOST_TEXT_BYTES) return found;
  return `content: ${bytes} bytes of text, where ${MOST_TEXT_BYTES} are the most`;
}

function textBytes(found: Content): number {
  const files = found.kind === 'templates' ? Object.values(found.files) : cannedTexts(found);
  const texts = [...files, ...Object.values(found.variables).flat()];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

function cannedTexts({ files }: CannedContent): string[] {
  return files.map((file) => ('text' in file ? file.text : ''));
}
