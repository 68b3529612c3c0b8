/**
 * What each function that templates can call costs: microseconds to render its example in docs/templates.md, the text
 * around the call included, beside the figure that stands there. `node bench/functions.ts`
 *
 * Each figure is that of the fastest of many rounds shorter than a time slice, so that a busy machine disturbs little.
 */
import { functionTable } from '../src/template/functions/function-table.ts';
import { LaneTemplates } from '../src/template/lane-templates.ts';
import { makeTemplateContent } from '../src/template/make-content.ts';

const ROUNDS = 500;
const RENDERS = 500;
/** Until then code is compiled and pools fill. */
const WARM_UP_RENDERS = 50_000;

/** What the examples include: as little as can be, so that it is the function that is measured. */
const INCLUDED = {
  'context.json': '{}',
  'track.json': '{}',
  'track-target.json': '{}',
  'page-target.json': '{}',
};

let sink = '';

function microseconds(example: string): number {
  const content = makeTemplateContent({
    entry: 'entry',
    files: { entry: example, ...INCLUDED },
    variables: { WriteKeys: ['a', 'b', 'c'] },
    secrets: [],
    events: { reuse: 0, duplicates: 0, idField: 'messageId', seed: 'bench', profiles: 1000, pool: 1000 },
  });
  const templates = new LaneTemplates(content, { lane: 0, lanes: 1, replacement: 0 });
  const render = (times: number): void => {
    for (let i = 0; i < times; i++) sink = templates.render('entry');
  };
  render(WARM_UP_RENDERS);
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    render(RENDERS);
    best = Math.min(best, ((performance.now() - start) / RENDERS) * 1000);
  }
  return best;
}

console.log(`${'function'.padEnd(22)} measured  documented`);
for (const { name, example, costUs } of functionTable) {
  const measured = microseconds(example);
  const isOff = measured > 2 * costUs || measured < costUs / 2;
  console.log(
    `${name.padEnd(22)} ${measured.toFixed(2).padStart(5)} µs   ${String(costUs).padStart(6)} µs${isOff ? '  is off by more than a factor of two' : ''}`,
  );
}
if (sink === '') throw new Error('nothing was measured');
