import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Summary } from '../../src/report/summary.ts';
import { folderWith } from '../cli/manifest/files.ts';
import { spawnTaz } from '../cli/taz-process.ts';
import { startArrivalTarget } from './harness.ts';
import { Terminal } from './terminal.ts';

const TAZ = `${process.execPath} ${fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))}`;

const manifest = (url: string, spec: string) => `apiVersion: taz.dev/v1alpha1
kind: LoadTest
metadata: { name: live }
spec:
  ${spec}
  workers: { replicas: 3 }
  variables: [{ name: BaseURL, value: "${url}" }]
  templates: { entry: a.json, from: [{ directory: { path: templates } }] }
`;
const template = (path: string) => `{ "method": "GET", "url": "<%= it.BaseURL %>/${path}" }`;

/** Counts that add up, with nothing left in the air, and the target's own count. */
function assertExact({ counts }: Summary, arrived: number): void {
  assert.equal(counts.scheduled, counts.sent + counts.dropped);
  assert.deepEqual([counts.unreported, counts.inFlight], [0, 0]);
  assert.equal(counts.sent, counts.succeeded + counts.failed + counts.interrupted);
  assert.ok(counts.succeeded <= arrived && arrived <= counts.sent, `${arrived} of ${counts.sent}`);
}

test('a run on a terminal obeys keys, and gives the terminal back however it ends', async (t) => {
  if (Terminal.absent !== null) return t.skip(Terminal.absent);
  const target = await startArrivalTarget();
  t.after(() => target.close());
  const cwd = folderWith(t, {
    'loadtest.yaml': manifest(target.url, 'rate: 100/s'),
    'templates/a.json': template('a'),
  });
  const terminal = new Terminal('bash --norc --noprofile -i', { cwd });
  t.after(() => terminal.close());
  const tell = 'echo ended with $?; stty -a\r';
  const run = `${TAZ} run -f loadtest.yaml --output json > out.json; ${tell}`;
  const isUsable = () => terminal.until(/(?:^|[ ;])isig icanon [^]*[ ;]echo /m);

  terminal.press(run);
  await terminal.until(/100\/s asked[^]*keys/);
  terminal.press('*');
  await terminal.until(/by keys +200\/s in place of 100\/s/);
  await terminal.until(/200\/s asked/);
  terminal.press('?');
  await terminal.until(/Shift\+↑ or \*/);
  terminal.press('?p');
  await terminal.until(/Suspended/);
  const held = target.arrivals.length;
  terminal.press('r');
  await terminal.until(/looked again: what is sent has not changed/);
  await wait(500);
  assert.equal(target.arrivals.length, held, 'nothing is sent during a pause');
  terminal.press('0p');
  await terminal.until(/Running[^]*100\/s asked/);

  terminal.press('\x1a');
  await terminal.until(/Stopped[^]*ended with 1/);
  const stopped = target.arrivals.length;
  await isUsable();
  assert.equal(target.arrivals.length, stopped, 'nothing is sent while the process stands still');
  terminal.press(`fg; ${tell}`);
  await terminal.until(/Running/);
  terminal.press('q');
  await terminal.until(/ended with 130/);
  await isUsable();
  const summary = JSON.parse(readFileSync(join(cwd, 'out.json'), 'utf8')) as Summary;
  assert.deepEqual([summary.verdict, summary.reason], ['StoppedByUser', 'stopped by a key']);
  assertExact(summary, target.arrivals.length);

  terminal.press(run);
  await terminal.until(/keys.*rate/);
  terminal.press('\x03\x03');
  await terminal.until(/ended with 130/);
  await isUsable();
  assert.equal(
    readFileSync(join(cwd, 'out.json'), 'utf8'),
    '',
    'a second Ctrl-C leaves no time for a report',
  );

  terminal.press(run);
  await terminal.until(/Running[^]*asked/);
  await terminal.close();
  await wait(1500);
  const left = target.arrivals.length;
  await wait(500);
  assert.equal(target.arrivals.length, left, 'a terminal that is closed ends its run');
});

test('saves of the manifest change a run of three workers, to the hit', async (t) => {
  const target = await startArrivalTarget();
  t.after(() => target.close());
  const cwd = folderWith(t, {
    'loadtest.yaml': manifest(target.url, 'rate: 100/s'),
    'templates/a.json': template('a'),
  });
  const child = spawnTaz(['run', '-f', 'loadtest.yaml', '--watch', '--output', 'json'], { cwd });
  t.after(() => child.kill('SIGKILL'));
  let [output, notes] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (notes += text));
  const until = async (pattern: RegExp): Promise<void> => {
    const deadline = AbortSignal.timeout(20_000);
    while (!pattern.test(notes)) {
      try {
        await once(child.stderr, 'data', { signal: deadline });
      } catch (error) {
        throw new Error(`${pattern} is not in:\n${notes}`, { cause: error });
      }
    }
    notes = '';
  };
  const save = (spec: string): void => {
    writeFileSync(join(cwd, 'next.yaml'), manifest(target.url, spec));
    renameSync(join(cwd, 'next.yaml'), join(cwd, 'loadtest.yaml'));
  };

  await until(/Running/);
  save('rate: 500/s');
  await until(/loadtest\.yaml was saved, applied: spec\.rate\n/);
  save('rate: 5000 a second');
  await until(/the run goes on as it was:\n {2}loadtest\.yaml: spec\.rate: "5000 a second" is not a rate/);
  save('rate: 20/s\n  suspend: true\n  http: { timeout: 1s }');
  await until(/applied: spec\.rate and spec\.suspend\n {2}spec\.http\.timeout: takes effect at the next run/);
  await wait(1500);
  const held = target.arrivals.length;
  writeFileSync(join(cwd, 'templates/a.json'), template('<%= it.Nothing %>'));
  await until(/refused[^]*a\.json:1:\d+: .*Nothing/);
  writeFileSync(join(cwd, 'templates/a.json'), template('b'));
  child.kill('SIGHUP');
  await until(/templates have changed/);
  assert.equal(target.arrivals.length, held, 'nothing is sent while it is suspended');
  save('stages: [{ from: 200/s, to: 400/s, over: 30s }]\n  http: { timeout: 1s }');
  await until(/applied: spec\.rate, spec\.suspend and spec\.stages\n/);
  await wait(1500);
  assert.ok(target.arrivals.length > held + 50, 'it goes on');

  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [130, null]);
  assertExact(JSON.parse(output) as Summary, target.arrivals.length);
});
