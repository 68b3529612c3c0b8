import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder with the given files, there until the test ends. */
export function folderWith(t: TestContext, files: Record<string, string | Uint8Array>): string {
  const folder = mkdtempSync(join(tmpdir(), 'taz-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  return folder;
}

/** A valid LoadTest as YAML. @param metadata what stands in its metadata besides the name */
export function loadTestYaml(name: string, metadata = ''): string {
  return `apiVersion: taz.dev/v1alpha1
kind: LoadTest
metadata: { name: ${name}, ${metadata} }
spec:
  rate: 5/s
  templates: { entry: a.json, from: [{ inline: { a.json: '{}' } }] }
`;
}
