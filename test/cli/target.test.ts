import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runTaz, spawnTaz } from './taz-process.ts';

test('it says where it is, counts, and on a signal ends with a last line of counts', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const { child, url, output } = await startTarget(t, [
      '--fail',
      '100%',
      '--status',
      '500',
      '--ok-status',
      '201',
    ]);
    const response = await fetch(`${url}/x`, { method: 'POST', body: '{"type":"track","messageId":"m1"}' });
    assert.equal(response.status, 500);
    child.kill(signal);
    const [code] = (await once(child, 'close')) as [number];
    assert.equal(code, 0);
    assert.match(output(), /\nrequests 1, given up 0, events 1, ids 1, repeated ids 0, connections 1\n$/);
  }
});

test('every option of behaviour reaches the target', async (t) => {
  const args = [
    '--latency',
    '1ms',
    '--jitter',
    '2ms',
    '--fail',
    '1%',
    '--status',
    '500',
    '--ok-status',
    '202',
  ];
  const more = [
    '--hang',
    '2%',
    '--slow-body',
    '3ms',
    '--truncate',
    '3%',
    '--close',
    '4%',
    '--seed',
    '4294967295',
  ];
  const { url } = await startTarget(t, [...args, ...more]);
  assert.deepEqual(await (await fetch(`${url}/behaviour`)).json(), {
    latency: '1ms',
    jitter: '2ms',
    fail: '1%',
    status: '500',
    'ok-status': '202',
    hang: '2%',
    'slow-body': '3ms',
    truncate: '3%',
    close: '4%',
  });
});

test('wrong options are told at once, with code 2 and no stack', async () => {
  const rows: [args: string[], message: string][] = [
    [['--port', '70000'], 'taz: --port: "70000" is not a port from 0 to 65535\n'],
    [['--port', '-1'], 'taz: --port: "-1" is not a port from 0 to 65535\n'],
    [['--port', '8080.5'], 'taz: --port: "8080.5" is not a port from 0 to 65535\n'],
    [['--port', ''], 'taz: --port: "" is not a port from 0 to 65535\n'],
    [['--seed', 'x'], 'taz: --seed: "x" is not an integer from 0 to 4294967295\n'],
    [['--seed', '4294967296'], 'taz: --seed: "4294967296" is not an integer from 0 to 4294967295\n'],
    [
      ['--host', 'no such host'],
      'taz: --host: "no such host" is not a known host; 127.0.0.1 or 0.0.0.0 would do\n',
    ],
    [
      ['--host', '192.0.2.1'],
      'taz: --host: "192.0.2.1" is not an address of this machine; 127.0.0.1 or 0.0.0.0 would do\n',
    ],
    [
      ['--latency', '20', '--fail', '5', '--status', 'x', '--port', 'y'],
      [
        'taz: the target cannot start so:',
        '  --latency: "20" is not a duration such as 100ms, 10m, 1h30m',
        '  --fail: "5" is not a percentage from 0% to 100% such as 90%, 0.5%',
        '  --status: "x" is not a status from 200 to 599',
        '  --port: "y" is not a port from 0 to 65535\n',
      ].join('\n'),
    ],
  ];
  for (const [args, message] of rows) {
    assert.deepEqual(
      await runTaz(['target', ...args]),
      { code: 2, stdout: '', stderr: message },
      args.join(' '),
    );
  }
});

test('a port in use is named', async (t) => {
  const server = createServer().listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  assert.deepEqual(await runTaz(['target', '--port', String(port)]), {
    code: 2,
    stdout: '',
    stderr: `taz: --port: ${port} is already in use on 127.0.0.1; another --port, or 0 for any free one, would do\n`,
  });
});

test('a target forked by another process ends with it', async (t) => {
  const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const child = fork(main, ['target', '--port', '0'], { silent: true });
  t.after(() => child.kill('SIGKILL'));
  await firstLine(child.stdout!);
  child.disconnect();
  const [code] = (await once(child, 'exit')) as [number];
  assert.equal(code, 0);
});

async function startTarget(t: TestContext, args: string[]) {
  const child = spawnTaz(['target', '--port', '0', ...args]);
  t.after(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    output += chunk;
  });
  const line = await firstLine(child.stdout);
  const url = /^counting target at (http:\S+)$/m.exec(line)?.[1];
  assert.ok(url, line);
  return { child, url, output: () => output };
}

async function firstLine(stream: Readable): Promise<string> {
  let text = '';
  while (!text.includes('\n')) text += String(((await once(stream, 'data')) as [unknown])[0]);
  return text;
}
