import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Finding } from '../../../src/coordinator/protocol.ts';
import { RefusalError } from '../../../src/worker/conversation/caller.ts';
import { Findings } from '../../../src/worker/pod/findings.ts';
import { CONTENT } from '../../coordinator/run-spec.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout'] }));
afterEach(() => mock.timers.reset());

const WORKER = { index: 0, replacement: 0, incarnation: 'w0' };

class World {
  readonly told: string[] = [];
  readonly lines: string[] = [];
  tries = 0;
  /** What a call ends with; null: it gets there. */
  failure: Error | null = null;
  readonly findings = new Findings({
    run: 'r',
    worker: WORKER,
    tell: (finding) => this.#tell(finding),
    say: (line) => this.lines.push(line),
  });

  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 100) {
      mock.timers.tick(100);
      for (let turns = 0; turns < 5; turns++) await setImmediate();
    }
  }

  async #tell(finding: Finding): Promise<void> {
    this.tries++;
    if (this.failure !== null) throw this.failure;
    this.told.push('order' in finding ? `${finding.order} ${finding.kind}` : finding.kind);
  }
}

const trouble = (order: string) => ({ kind: 'trouble', order, reason: 'x' }) as const;

test('what was found is told in its order, again and again until it gets there', async () => {
  const world = new World();
  world.findings.follow('o1');
  world.failure = new Error('nobody listens');
  world.findings.add(trouble('o1'));
  world.findings.add({ kind: 'offered', order: 'o1', content: CONTENT });
  await world.pass(60_000);
  assert.deepEqual(world.told, []);
  assert.ok(world.tries > 10 && world.tries < 40, `${world.tries} tries in a minute`);
  world.failure = null;
  await world.pass(8000);
  assert.deepEqual(world.told, ['o1 trouble', 'o1 offered']);
});

test('what was found by an order that is none any more is dropped', async () => {
  const world = new World();
  world.findings.follow('o1');
  world.failure = new Error('nobody listens');
  world.findings.add(trouble('o1'));
  await world.pass(1000);
  world.findings.follow('o2');
  world.failure = null;
  world.findings.add(trouble('o2'));
  await world.pass(1000);
  assert.deepEqual(world.told, ['o2 trouble']);
});

test('a leader that comes or goes is asked again, one who cannot read it is not', async () => {
  const world = new World();
  world.findings.follow('o1');
  world.failure = new RefusalError(503, 'not the leader');
  world.findings.add(trouble('o1'));
  await world.pass(2000);
  world.failure = new RefusalError(413, 'too large');
  await world.pass(10_000);
  const { tries } = world;
  await world.pass(20_000);
  assert.equal(world.tries, tries);
  assert.deepEqual(world.lines, ['what was found was not taken: the coordinator answered 413: too large']);
});

test('a set that is asked for is told once at a time, whatever the order', async () => {
  const world = new World();
  world.failure = new Error('nobody listens');
  for (let times = 0; times < 3; times++) world.findings.add({ kind: 'kept', content: CONTENT });
  await world.pass(100);
  world.failure = null;
  await world.pass(1000);
  assert.deepEqual(world.told, ['kept']);
});
