import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLoadTest } from '../../../src/api/parse.ts';
import type { RunSpec } from '../../../src/api/run-spec.ts';
import { toRunSpec } from '../../../src/api/to-run-spec.ts';
import { UsageError } from '../../../src/cli/errors.ts';
import { ManifestFollower } from '../../../src/cli/run/manifest-follower.ts';
import type { ContentLoader } from '../../../src/source/content-loader.ts';
import type { LookEnd, Lookout } from '../../../src/source/scout.ts';
import { manifestWith } from '../../api/load-test-manifest.ts';

type Spec = Record<string, unknown>;
const START: Spec = { rate: '5/s', duration: '1m' };
const LOADER = {} as ContentLoader;

/** A follower of a test that starts as `START`; `save` puts something else in its file and has it looked at. */
function following() {
  let read: () => Promise<Spec> = async () => START;
  const [followed, notes, looks]: [RunSpec[], string[], (Lookout | 'now')[]] = [[], [], []];
  const loadtest = parseLoadTest(manifestWith(START));
  const spec = toRunSpec(loadtest);
  const follower = new ManifestFollower(
    { loadtest, spec },
    {
      read: async () => ({
        loadtest: parseLoadTest(manifestWith(await read())),
        file: 'loadtest.yaml',
        loaderFor: () => LOADER,
      }),
      follow: (spec) => followed.push(spec),
      scout: {
        lookNow: async () => {
          looks.push('now');
          return 'unchanged';
        },
        lookAt: async (at) => {
          looks.push(at);
          return 'offered';
        },
      },
      note: (text) => notes.push(text),
    },
  );
  return {
    follower,
    notes,
    looks,
    protocol: spec.protocol,
    /** What the run was told, in the rates and reuse of its specs. */
    rates: () =>
      followed.map(({ schedule }) => (schedule.kind === 'constant' ? schedule.rate.toNumber() : null)),
    last: () => followed.at(-1)!,
    reads: (how: () => Promise<Spec>) => {
      read = how;
    },
    save: async (spec: Spec) => {
      read = async () => spec;
      await follower.look();
    },
  };
}

test('a hot change is applied and named', async () => {
  const { save, rates, notes, looks } = following();
  await save({ ...START, rate: '7/s', maxLag: '2s' });
  assert.deepEqual(rates(), [7]);
  assert.deepEqual(notes, ['loadtest.yaml was saved, applied: spec.rate and spec.maxLag']);
  assert.deepEqual(looks, ['now']);
});

test('a save without a change of the test says nothing, and has its ConfigMaps and Secrets looked at', async () => {
  const { save, rates, notes, looks } = following();
  await save(START);
  assert.deepEqual([rates(), notes, looks], [[], [], ['now']]);
});

test('what has to wait is named with the reason, once for each time that it is changed', async () => {
  const { save, rates, notes } = following();
  await save({
    ...START,
    rate: '6/s',
    warmup: '1s',
    http: { timeout: '1s' },
    workers: { template: { spec: {} } },
  });
  await save({
    ...START,
    rate: '7/s',
    warmup: '1s',
    http: { timeout: '1s' },
    workers: { template: { spec: {} } },
  });
  await save({ ...START, rate: '7/s', warmup: '2s' });
  assert.deepEqual(rates(), [6, 7]);
  assert.deepEqual(notes, [
    [
      'loadtest.yaml was saved, applied: spec.rate',
      '  spec.warmup: takes effect at the next run',
      '  spec.workers.template: takes effect at the next run of a cluster',
      '  spec.http.timeout: takes effect at the next run, since workers keep their connections',
    ].join('\n'),
    'loadtest.yaml was saved, applied: spec.rate',
    'loadtest.yaml was saved, nothing is applied\n  spec.warmup: takes effect at the next run',
  ]);
});

test('other templates are looked at from another place, with the period of the test or 10 s', async () => {
  const { save, looks, notes, last } = following();
  const templates = { entry: 'b.json', from: [{ inline: { 'b.json': '{}' } }] };
  await save({ ...START, templates });
  await save({ ...START, templates: { ...templates, reload: '30s' }, events: { reuse: '5%' } });
  assert.deepEqual(looks, [
    { loader: LOADER, reloadMs: 10_000 },
    { loader: LOADER, reloadMs: 30_000 },
  ]);
  assert.equal(last().events.reuse, 0.05);
  assert.deepEqual(notes, ['loadtest.yaml was saved, applied: spec.templates.reload']);
});

test('another protocol changes nothing, until it is the old one again', async () => {
  const { save, rates, notes } = following();
  await save({ ...START, rate: '6/s', kafka: {} });
  await save({ ...START, rate: '7/s' });
  assert.deepEqual(rates(), [7]);
  assert.match(notes[0]!, /^loadtest\.yaml was saved for another protocol: .* nothing of it is applied$/);
  assert.equal(notes[1], 'loadtest.yaml was saved, applied: spec.rate');
});

test('the protocol stays the one that the run began with, with the secrets that were looked up for it', async () => {
  const { save, last, protocol } = following();
  await save({ ...START, rate: '6/s', http: { timeout: '1s' } });
  assert.equal(last().protocol, protocol);
});

test('what is not valid is one note with all that is wrong, and changes nothing', async () => {
  const { follower, reads, rates, notes, looks, save } = following();
  reads(async () => {
    throw new UsageError('2 problems in the manifest', [
      'a.yaml: spec.raet: is not a field',
      'a.yaml: spec: …',
    ]);
  });
  await follower.look();
  reads(async () => {
    throw new UsageError('a.yaml cannot be read');
  });
  await follower.look();
  // Not together with what has to wait.
  await save({ ...START, duration: '2s', warmup: '1s', rate: '9/s' });
  await save({ ...START, rate: '8/s' });
  const head = 'the manifest was saved and is refused; the run goes on as it was:\n  ';
  assert.deepEqual(notes.slice(0, 2), [
    `${head}a.yaml: spec.raet: is not a field\n  a.yaml: spec: …`,
    `${head}a.yaml cannot be read`,
  ]);
  assert.deepEqual(rates(), [9, 8]);
  assert.equal(looks.length, 2);
});

test('saves while one is read end in what was saved last', async () => {
  const { follower, reads, rates } = following();
  const first = Promise.withResolvers<Spec>();
  reads(() => first.promise);
  const looking = follower.look();
  reads(async () => ({ ...START, rate: '9/s' }));
  const again = follower.look();
  first.resolve({ ...START, rate: '8/s' });
  await Promise.all([looking, again]);
  assert.deepEqual(rates(), [8, 9]);
});

test('who asks for a look hears how what is sent was found', async () => {
  const { follower } = following();
  const { promise, resolve } = Promise.withResolvers<LookEnd>();
  await follower.look(resolve);
  assert.equal(await promise, 'unchanged');
});
