/**
 * What fake data and events cost: nanoseconds a call. `node bench/fake-data.ts`
 *
 * Each line is the fastest of five rounds, so that a busy machine disturbs little.
 */
import type { EventOptions } from '../src/template/content.ts';
import { EventMemory } from '../src/template/events.ts';
import { FakeData } from '../src/template/fake/fake-data.ts';
import { FRESH_KINDS, POOLED_KINDS } from '../src/template/fake/kinds.ts';
import { newId } from '../src/template/ids.ts';
import { ProfilePool } from '../src/template/profiles.ts';
import { createRandom } from '../src/template/random.ts';

const identity = { lane: 0, lanes: 1, replacement: 0 };
let sink: unknown;

function measure(name: string, call: () => unknown, calls = 100_000): void {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const start = process.hrtime.bigint();
    for (let i = 0; i < calls; i++) sink = call();
    best = Math.min(best, Number(process.hrtime.bigint() - start) / calls);
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(0).padStart(8)} ns`);
}

const random = createRandom('bench', identity);
measure('random.float', () => random.float());
measure('random.int', () => random.int(1000));
measure('newId', newId);

console.log('\nfirst 1000 picks, each of which makes a value');
const firstPicks = (pick: (data: FakeData) => unknown) => {
  const data = new FakeData(createRandom('bench', identity), 1000);
  return () => pick(data);
};
for (const kind of Object.keys(POOLED_KINDS)) {
  let worst = 0;
  const pick = firstPicks((data) => data.phony(kind));
  const start = performance.now();
  for (let i = 0; i < 1000; i++) {
    const before = performance.now();
    sink = pick();
    worst = Math.max(worst, performance.now() - before);
  }
  const mean = performance.now() - start;
  console.log(`${kind.padEnd(44)} ${mean.toFixed(1).padStart(8)} µs, slowest ${worst.toFixed(2)} ms`);
}

console.log('\nlater picks');
const data = new FakeData(createRandom('bench', identity), 1000);
for (const kind of [...Object.keys(POOLED_KINDS), ...Object.keys(FRESH_KINDS)]) {
  measure(`phony('${kind}')`, () => data.phony(kind));
}
measure("faker('commerce.productName')", () => data.faker('commerce.productName'));
measure("faker('date.recent')", () => data.faker('date.recent'));
measure("faker('airline.airport')", () => data.faker('airline.airport'));
measure("faker('string.alphanumeric', 10)", () => data.faker('string.alphanumeric', 10));
const options = { min: 5, max: 80 };
measure("faker('number.int', {min, max})", () => data.faker('number.int', options));
measure("faker('finance.amount', {min, max})", () => data.faker('finance.amount', options));
measure("faker('string.uuid')", () => data.faker('string.uuid'));

console.log('\nevents');
const properties = JSON.stringify({ sku: 'abc-123', price: 12.5, name: 'Soft Marble Tuna', list: [1, 2, 3] });
const track = `{"type":"track","userId":"97980cfea0067","event":"Item Purchased","properties":${properties},"context":{"ip":"24.5.68.47","userAgent":"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)","traits":{"email":"anna@example.com"}},"timestamp":"2012-12-02T00:30:08.276Z"}`;
const withId = `{"messageId":"a-template-id",${track.slice(1)}`;
const batch = `{"batch":[${Array(10).fill(track).join(',')}],"sentAt":"2012-12-02T00:30:08.276Z"}`;
const events: EventOptions = {
  reuse: 0,
  duplicates: 0,
  idField: 'messageId',
  seed: null,
  profiles: 1,
  pool: 1,
};
for (const [name, text] of Object.entries({ track, withId, batch })) {
  for (const way of ['new', 'reuse', 'duplicate'] as const) {
    const shares = { reuse: way === 'reuse' ? 1 : 0, duplicates: way === 'duplicate' ? 1 : 0 };
    const memory = new EventMemory({
      options: { ...events, ...shares },
      random,
      render: () => `${text.slice(0, 40)}${text.slice(40)}`,
    });
    const call = () => {
      memory.beginTarget();
      return memory.includeEvent(name, name).base64;
    };
    measure(`${name}, ${text.length} B: ${way}`, call, 30_000);
  }
}

console.log('\nprofiles');
const profiles = new ProfilePool({ size: 1000, random });
measure('select', () => profiles.select());
if (sink === undefined) throw new Error('nothing was measured');
