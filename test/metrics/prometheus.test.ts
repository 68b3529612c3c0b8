import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bucketLow, bucketOf } from '../../src/metrics/histogram.ts';
import { failureCode } from '../../src/metrics/outcome.ts';
import { createMetrics, type MetricsView } from '../../src/metrics/prometheus.ts';
import { CountsBlock, Tally } from '../../src/metrics/tally.ts';
import { type Family, parseExposition } from './exposition.ts';
import { randomStream } from './random.ts';

const LABELS = ['track.json', 'identify.json'];

function viewOf(tally: Tally, change: Partial<MetricsView> = {}): MetricsView {
  return {
    labels: LABELS,
    tally,
    reloads: { applied: 0, refused: 0 },
    warmup: new CountsBlock().counts,
    topics: [],
    targetRate: 5000,
    votes: { votes: 2, limit: 10 },
    digest: 'abc123',
    generatorSaturated: false,
    ...change,
  };
}

async function scrape(view: MetricsView): Promise<Map<string, Family>> {
  return parseExposition(await createMetrics(() => view).text());
}

/** `{outcome="failed"} 3` and so on, one text a sample. */
function lines(families: Map<string, Family>, name: string): string[] {
  const family = families.get(name);
  assert.ok(family, `${name} is exposed`);
  return family.samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
    return `${pairs.join(' ')} ${value}`.trim();
  });
}

function sampleTally(): Tally {
  const tally = new Tally(2);
  for (let n = 0; n < 10; n++) tally.send(n % 2, 100);
  tally.succeed(0, 200, 1500, 2500, 100, 10);
  tally.succeed(0, 201, 3000, 4000, 100, 10);
  tally.succeed(1, 200, 3000, 4000, 100, 10);
  tally.fail(1, 503, 503, 70_000_000, 70_000_000, 100, 10);
  tally.fail(1, failureCode('timeout'), 0, 5_000_000, 5_000_000, 100, 0);
  tally.interrupt(0);
  tally.drop(-1, 0);
  tally.drop(-1, 1);
  tally.drop(0, 3);
  return tally;
}

describe('the exposition', () => {
  test('of hits', async () => {
    const warmup = new CountsBlock();
    for (let n = 0; n < 4; n++) warmup.send();
    warmup.succeed();
    warmup.fail();
    warmup.drop(2);
    const families = await scrape(viewOf(sampleTally(), { warmup: warmup.counts }));
    assert.deepEqual(lines(families, 'taz_hits_sent_total'), ['10']);
    assert.deepEqual(lines(families, 'taz_hits_total'), [
      'outcome=succeeded template=track.json 2',
      'outcome=failed template=track.json 0',
      'outcome=interrupted template=track.json 1',
      'outcome=dropped template=track.json 1',
      'outcome=succeeded template=identify.json 1',
      'outcome=failed template=identify.json 2',
      'outcome=interrupted template=identify.json 0',
      'outcome=dropped template=identify.json 0',
      'outcome=dropped 2',
    ]);
    assert.deepEqual(lines(families, 'taz_failures_total'), ['class=http_503 1', 'class=timeout 1']);
    assert.deepEqual(lines(families, 'taz_drops_total'), [
      'reason=busy 1',
      'reason=late 1',
      'reason=local 0',
      'reason=template 1',
    ]);
    assert.deepEqual(lines(families, 'taz_responses_total'), [
      'status=200 2',
      'status=201 1',
      'status=503 1',
    ]);
    assert.deepEqual(lines(families, 'taz_sent_bytes_total'), ['500']);
    assert.deepEqual(lines(families, 'taz_received_bytes_total'), ['40']);
    assert.deepEqual(lines(families, 'taz_in_flight'), ['6']);
    assert.deepEqual(lines(families, 'taz_warmup_hits_total'), [
      'outcome=succeeded 1',
      'outcome=failed 1',
      'outcome=interrupted 0',
      'outcome=dropped 1',
    ]);
  });

  test('of rate, votes, templates and the generator', async () => {
    const view = viewOf(new Tally(2), { targetRate: 0.5, generatorSaturated: true });
    const families = await scrape(view);
    assert.deepEqual(lines(families, 'taz_target_rate'), ['0.5']);
    assert.deepEqual(lines(families, 'taz_stop_votes'), ['2']);
    assert.deepEqual(lines(families, 'taz_stop_votes_limit'), ['10']);
    assert.deepEqual(lines(families, 'taz_generator_saturated'), ['1']);
    assert.deepEqual(lines(families, 'taz_template_info'), ['digest=abc123 1']);
    assert.deepEqual(lines(await scrape(viewOf(new Tally(2), { digest: '' })), 'taz_template_info'), []);
  });

  test('of sets that were applied and refused, and of labels that came with them', async () => {
    let view = viewOf(new Tally(3), { reloads: { applied: 2, refused: 1 } });
    const metrics = createMetrics(() => view);
    const first = parseExposition(await metrics.text());
    assert.deepEqual(lines(first, 'taz_template_reloads_total'), ['result=applied 2', 'result=refused 1']);
    const tally = new Tally(3);
    tally.send(2, 0);
    tally.succeed(2, 200, 1, 1, 0, 0);
    view = viewOf(tally, { labels: [...LABELS, 'page.json'] });
    const second = parseExposition(await metrics.text());
    assert.ok(lines(second, 'taz_hits_total').includes('outcome=succeeded template=page.json 1'));
    assert.deepEqual(lines(second, 'taz_template_reloads_total'), ['result=applied 2', 'result=refused 1']);
  });

  test('of times, in seconds', async () => {
    const families = await scrape(viewOf(sampleTally()));
    const service = lines(families, 'taz_service_time_seconds').filter((line) => line.includes('identify'));
    assert.deepEqual(service, [
      ...[0.001, 0.002].map((le) => `template=identify.json le=${le} 0`),
      ...[0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096].map(
        (le) => `template=identify.json le=${le} 1`,
      ),
      ...[8.192, 16.384, 32.768, 65.536].map((le) => `template=identify.json le=${le} 2`),
      'template=identify.json le=+Inf 3',
      'template=identify.json 75.003',
      'template=identify.json 3',
    ]);
    assert.equal(lines(families, 'taz_response_time_seconds').at(-1), '5');
    assert.equal(lines(families, 'taz_lag_seconds').at(-1), '10');
    assert.equal(lines(families, 'taz_lag_seconds')[0], 'le=0.001 10');
  });

  test('has the process’s own metrics, and the types that the names promise', async () => {
    const families = await scrape(viewOf(sampleTally()));
    assert.ok(families.has('process_cpu_seconds_total') && families.has('nodejs_eventloop_lag_seconds'));
    for (const { name, type } of families.values()) {
      if (!name.startsWith('taz_')) continue;
      const expected = name.endsWith('_total')
        ? 'counter'
        : name.endsWith('_seconds')
          ? 'histogram'
          : 'gauge';
      assert.equal(type, expected, name);
    }
  });

  test('counts below a bound are exact: the bounds are edges of our buckets', async () => {
    const random = randomStream(8);
    const tally = new Tally(2);
    const times = Array.from({ length: 5000 }, () => 2 ** (30 * random()));
    for (const time of times) tally.succeed(0, 200, time, time, 0, 0);
    const families = await scrape(viewOf(tally));
    const buckets = families.get('taz_response_time_seconds')!.samples.filter(({ labels }) => 'le' in labels);
    assert.equal(buckets.length, 18);
    for (const { labels, value } of buckets) {
      const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Math.round(Number(labels.le) * 1e6);
      if (Number.isFinite(bound)) assert.equal(bucketLow(bucketOf(bound)), bound);
      assert.equal(value, times.filter((time) => time < bound).length, `below ${labels.le} s`);
    }
  });

  test('names of templates stay what they are', async () => {
    const names = ['a "b" \\ c\nd', '{x="y"} 1', 'ünïcode/🚀.json'];
    const families = await scrape(viewOf(new Tally(3), { labels: names }));
    const found = new Set(
      families.get('taz_service_time_seconds')!.samples.map(({ labels }) => labels.template),
    );
    assert.deepEqual([...found], names);
  });

  test('of a tally without labels', async () => {
    const tally = new Tally(0);
    tally.drop(-1, 0);
    const families = await scrape(viewOf(tally, { labels: [] }));
    assert.deepEqual(lines(families, 'taz_hits_total'), ['outcome=dropped 1']);
  });
});

describe('scrapes', () => {
  test('each shows the picture of its time, read once', async () => {
    let tally = new Tally(2);
    let reads = 0;
    const read = () => {
      reads += 1;
      return viewOf(tally);
    };
    const metrics = createMetrics(read);
    assert.match(metrics.contentType, /^text\/plain; version=0\.0\.4/);
    const before = reads;
    const first = metrics.text();
    tally = sampleTally();
    const second = metrics.text();
    assert.equal(reads, before + 2);
    assert.deepEqual(lines(parseExposition(await first), 'taz_hits_sent_total'), ['0']);
    assert.deepEqual(lines(parseExposition(await second), 'taz_hits_sent_total'), ['10']);
  });

  test('a picture that cannot be read rejects one scrape, not the next', async () => {
    let broken = false;
    const read = () => {
      if (broken) throw new Error('no lane answers');
      return viewOf(new Tally(2));
    };
    const metrics = createMetrics(read);
    broken = true;
    await assert.rejects(metrics.text(), /no lane answers/);
    broken = false;
    assert.ok(parseExposition(await metrics.text()).has('taz_in_flight'));
  });

  test('no counter ever goes down, whatever the pictures do, and histograms stay whole', async () => {
    const random = randomStream(21);
    let tally = new Tally(2);
    const metrics = createMetrics(() => viewOf(tally));
    const kept: Tally[] = [tally];
    const highest = new Map<string, number>();
    const check = async () => {
      for (const { name, type, samples } of parseExposition(await metrics.text()).values()) {
        if (!name.startsWith('taz_') || type === 'gauge') continue;
        const cumulative = new Map<string, number>();
        for (const sample of samples) {
          const key = JSON.stringify([sample.name, sample.labels]);
          assert.ok(sample.value >= (highest.get(key) ?? 0), `${key} went down`);
          highest.set(key, sample.value);
          const whose = sample.labels.template ?? '';
          if (sample.name.endsWith('_bucket')) {
            assert.ok(sample.value >= (cumulative.get(whose) ?? 0), `${key} is less than the bound before`);
            cumulative.set(whose, sample.value);
          } else if (sample.name.endsWith('_count')) assert.equal(sample.value, cumulative.get(whose));
        }
      }
    };
    for (let round = 0; round < 40; round++) {
      tally = new Tally(2, kept.at(-1)!.values.slice());
      kept.push(tally);
      const label = round % 2;
      const lag = 50_000 * random();
      tally.send(label, lag);
      await check();
      const fate = random();
      if (fate < 0.5) tally.succeed(label, 200 + (round % 3), 1e5 * random(), 1e5 * random(), 9, 9);
      else if (fate < 0.75) tally.fail(label, 500, 500, 1e5 * random(), 1e5 * random(), 9, 9);
      else tally.unsend(label, lag);
      await check();
      tally = kept[Math.floor(random() * kept.length)]!;
      await check();
    }
    tally = kept.at(-1)!;
    for (let n = 0; n < 50; n++) tally.send(0, 0);
    const families = parseExposition(await metrics.text());
    assert.deepEqual(
      lines(families, 'taz_hits_sent_total'),
      [String(tally.counts.sent)],
      'and it catches up',
    );
  });
});

describe('the reader that these tests trust refuses', () => {
  const head = '# HELP a b\n# TYPE a counter\n';
  const rows: [what: string, text: string][] = [
    ['a last line without end', `${head}a 1`],
    ['prom-client’s Nan', `${head}a Nan\n`],
    ['an unescaped quote', `${head}a{b="c"d"} 1\n`],
    ['a sample twice', `${head}a{b="c",d="e"} 1\na{d="e",b="c"} 2\n`],
    ['a label twice', `${head}a{b="c",b="d"} 1\n`],
    ['a sample of another family', `${head}b 1\n`],
    ['a family twice', `${head}a 1\n${head}`],
    ['a sample without type', '# HELP a b\na 1\n'],
    ['a broken name', '# HELP a-b c\n'],
  ];
  for (const [what, text] of rows) test(what, () => assert.throws(() => parseExposition(text)));
  test('and reads what is right', () => {
    const families = parseExposition(`${head}a{b="c\\"\\\\\\n"} 1e3\na +Inf\n`);
    assert.deepEqual(families.get('a')!.samples, [
      { name: 'a', labels: { b: 'c"\\\n' }, value: 1000 },
      { name: 'a', labels: {}, value: Number.POSITIVE_INFINITY },
    ]);
  });
});

test('messages by topic', async () => {
  const topics = [
    { topic: 'events', succeeded: 5, failed: 1, unanswered: 2 },
    { topic: 'other', succeeded: 0, failed: 0, unanswered: 0 },
  ];
  const exposed = await scrape(viewOf(sampleTally(), { topics }));
  assert.deepEqual(lines(exposed, 'taz_topic_messages_total').slice(0, 4), [
    'topic=events outcome=succeeded 5',
    'topic=events outcome=failed 1',
    'topic=events outcome=unanswered 2',
    'topic=other outcome=succeeded 0',
  ]);
});
