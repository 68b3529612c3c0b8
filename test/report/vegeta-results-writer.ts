import { Masker } from '../../src/report/mask.ts';
import { VegetaResultSink } from '../../src/report/vegeta-results.ts';

/** Writes 3,000 results of very different lengths to a file, as one lane among several: FILE ATTACK. */
const [path, attack] = process.argv.slice(2) as [string, string];
const sink = new VegetaResultSink({
  path,
  attack,
  labels: ['t'],
  bodies: true,
  headers: true,
  mask: new Masker([]),
});
for (let seq = 0; seq < 3000; seq++) {
  sink.write({
    seq,
    hit: seq,
    label: 0,
    outcome: 0,
    status: 200,
    error: '',
    sentAtWall: Date.now(),
    serviceMs: 1,
    lagMs: 0,
    bytesOut: 0,
    bytesIn: 0,
    method: 'GET',
    url: 'http://host/',
    headers: [],
    body: Buffer.alloc(seq % 500 === 0 ? 200_000 : seq % 700),
  });
  if (seq % 50 === 0) sink.flush();
}
sink.close();
