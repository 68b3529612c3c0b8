import assert from 'node:assert/strict';
import { globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { Agent, request } from 'undici';
import { stringify } from 'yaml';
import { parseLoadTest } from '../../../src/api/parse.ts';
import { ProblemsError } from '../../../src/api/problem.ts';
import { UsageError } from '../../../src/cli/errors.ts';
import { sortObjects } from '../../../src/cli/manifest/objects.ts';
import { parseYaml } from '../../../src/cli/manifest/yaml.ts';
import { pathOf } from '../../../src/kube/resource.ts';
import { LOAD_TESTS } from '../../../src/kube/resources.ts';
import { manifestWith } from '../../api/load-test-manifest.ts';
import { useApiServer } from '../../cluster/api-server.ts';
import { DIFFERENCES, VALUES } from './edge-values.ts';

/**
 * What `taz validate` refuses and what a real API server refuses by the CRD is the same, but for what is listed here.
 */

interface Created {
  spec: Record<string, unknown>;
}

const api = await useApiServer();
after(api.stop);

const root = join(import.meta.dirname, '../../..');
const corpus = join(root, 'test/corpus/manifests');

suite('the API server and taz validate agree', { skip: api.missing }, () => {
  let create: (yaml: string | Buffer) => Promise<{ refused: string | null; object: Created }>;
  const post = async (yaml: string | Buffer): Promise<string | null> => (await create(yaml)).refused;
  let agent: Agent;

  before(async () => {
    await api.installLoadTests();
    const namespace = await api.namespace();
    const { server, tls, headers } = api.access;
    agent = new Agent({ connect: { ca: tls.ca!, ...(tls.cert && { cert: tls.cert, key: tls.key! }) } });
    const url = `${server}${pathOf(LOAD_TESTS, { namespace })}?dryRun=All&fieldValidation=Strict`;
    create = async (yaml) => {
      const response = await request(url, {
        method: 'POST',
        dispatcher: agent,
        headers: { ...headers, 'content-type': 'application/yaml', accept: 'application/json' },
        body: yaml,
      });
      const object = (await response.body.json()) as Created & { message?: string };
      const refused =
        response.statusCode === 201 ? null : (object.message ?? `status ${response.statusCode}`);
      return { refused, object };
    };
  });
  after(() => agent.close());

  for (const file of readdirSync(corpus)) {
    test(`${file} of the corpus`, async () => {
      for (const document of documentsOf(join(corpus, file))) {
        const refused = await post(document);
        const paths = problemPaths(document);
        assert.equal(refused === null, paths.length === 0, refused ?? `taz refuses ${paths.join(', ')}`);
        assertNames(refused, paths);
      }
    });
  }

  test('both fill in the same defaults', async () => {
    const specs = [
      {},
      { http: {} },
      { kafka: {}, stopWhen: { successBelow: '98%' } },
      { nsq: {}, workers: {} },
    ];
    for (const spec of specs) {
      const manifest = manifestWith(spec);
      const { object } = await create(JSON.stringify(manifest));
      assert.deepEqual(object.spec, parseLoadTest(manifest).spec);
    }
  });

  const examples = globSync('examples/**/*.yaml', { cwd: root });
  for (const file of examples) {
    test(`${file} is good`, async () => {
      for (const document of documentsOf(join(root, file))) {
        if (!/^kind: LoadTest$/m.test(document.toString())) continue;
        assert.equal(await post(document), null);
      }
    });
  }

  test('the examples of the reference are good', async () => {
    const reference = readFileSync(join(root, 'docs/loadtest.md'), 'utf8');
    const blocks = [...reference.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, yaml]) => yaml!);
    assert.ok(blocks.length >= 5);
    for (const yaml of blocks) {
      const part = parseYaml(yaml, 'reference')[0] as Record<string, unknown>;
      assert.equal(await post(stringify('kind' in part ? part : manifestWith(part))), null, yaml);
    }
  });

  for (const [name, good, bad] of VALUES) {
    test(name, async () => {
      for (const spec of good) assert.deepEqual(await verdicts(spec), [null, null], JSON.stringify(spec));
      for (const spec of bad) {
        const [byTaz, byServer] = await verdicts(spec);
        assert.ok(byTaz !== null && byServer !== null, `${JSON.stringify(spec)}: ${byTaz} / ${byServer}`);
      }
    });
  }

  for (const [reason, spec] of DIFFERENCES) {
    test(`but not here: ${reason}`, async () => {
      const [byTaz, byServer] = await verdicts(spec);
      assert.notEqual(byTaz, null);
      assert.equal(byServer, null);
    });
  }

  async function verdicts(spec: Record<string, unknown>): Promise<[string | null, string | null]> {
    const manifest = manifestWith(spec);
    return [problemsOf(manifest)[0] ?? null, await post(JSON.stringify(manifest))];
  }
});

/** The documents of a file as they stand there: YAML is the server's to read. */
function documentsOf(path: string): Buffer[] {
  const parts = readFileSync(path).toString('latin1').split(/^---$/m);
  return parts.map((part) => Buffer.from(part, 'latin1'));
}

/**
 * The paths of what taz refuses in a document as a LoadTest; none: nothing. Objects of other kinds are refused whole. To
 * the server, a field that is null is not there: it has no name for it.
 */
function problemPaths(document: Buffer): string[] {
  try {
    // A reader of a file refuses bytes that are no UTF-8 before it parses them.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(document);
    const { loadtests, problems } = sortObjects(
      parseYaml(text, 'file').map((value) => ({ file: 'file', value })),
    );
    if (problems.length > 0 || loadtests.length !== 1) return ['kind'];
    parseLoadTest(loadtests[0]!.object);
    return [];
  } catch (error) {
    if (error instanceof ProblemsError)
      return error.problems.map(({ path, value }) => (value === null ? '' : path));
    if (error instanceof UsageError || error instanceof TypeError) return [''];
    throw error;
  }
}

function problemsOf(manifest: Record<string, unknown>): string[] {
  try {
    parseLoadTest(manifest);
    return [];
  } catch (error) {
    if (error instanceof ProblemsError) return error.problems.map(({ message }) => message);
    throw error;
  }
}

/** The server names a field that taz refuses, or one around it: some of its checks stop at the first that fails. */
function assertNames(refused: string | null, paths: string[]): void {
  const fields = paths.filter((path) => path.startsWith('spec'));
  const read = refused !== null && !refused.startsWith('the object provided is unrecognized');
  if (!read || fields.length === 0) return;
  const named = fields.some((path) =>
    refused.includes(path.replace(/(?:\[[^\]]*\]|\["[^"]*"\])(?:\.[a-z]+)?$/, '')),
  );
  assert.ok(named, `${refused}\ndoes not name any of ${fields.join(', ')}`);
}
