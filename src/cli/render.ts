import { once } from 'node:events';
import { Command } from 'commander';
import { UsageError } from './errors.ts';
import { requireWatchable, type SourceOptions, wholeNumber, withSourceOptions } from './options.ts';
import type { RenderableTest, Rendered } from './render/rendered.ts';

interface RenderOptions extends SourceOptions {
  count?: string;
  decode?: boolean;
  time?: boolean;
  secrets?: boolean;
  watch?: boolean;
}

const MOST_TARGETS = 100_000_000;

/** `taz render`: prints what a test would send, and sends nothing. */
export function renderCommand(): Command {
  return withSourceOptions(new Command('render'))
    .description('print the targets that a test would send, without sending them')
    .option('-n, --count <count>', 'how many targets (default: 1)')
    .option('--decode', 'print requests for people: method and URL, headers, the body as it is sent')
    .option('--time', 'print no targets but what rendering one costs')
    .option('--secrets', 'print the values of secret variables instead of ***')
    .option('--watch', 'show it again whenever the manifest or a template is saved, until Ctrl-C')
    .addHelpText(
      'after',
      `
Without --decode it prints one target a line in Vegeta's JSON format:
  taz render -f loadtest.yaml -n 100 | vegeta attack -format=json -rate=10 -duration=10s | vegeta report`,
    )
    .action(render);
}

async function render(options: RenderOptions): Promise<void> {
  if (options.time && (options.count !== undefined || options.decode)) {
    throw new UsageError('--time prints no targets: leave out --count and --decode');
  }
  if (options.watch) requireWatchable(options.file ?? []);
  const count = wholeNumber('--count', options.count ?? '1', 1, MOST_TARGETS);
  const { openRendered } = await import('./render/rendered.ts');
  const show = async (test: RenderableTest): Promise<void> => {
    const rendered = await openRendered(test, { secrets: options.secrets ?? false });
    if (options.time) {
      const { measure, timeTable } = await import('./render/time.ts');
      process.stdout.write(timeTable(measure(rendered)));
    } else {
      await printTargets(rendered, count, options.decode ?? false);
    }
  };
  if (options.watch) {
    const { showOnChanges } = await import('./render/watch.ts');
    await showOnChanges(options, show);
  } else {
    const { prepareTest } = await import('./run/prepare.ts');
    const test = await prepareTest({ ...options, note: (line) => console.error(line) });
    try {
      await show(test);
    } finally {
      await test.loader.close();
    }
  }
}

async function printTargets(rendered: Rendered, count: number, decode: boolean): Promise<void> {
  const { decoded } = await import('./render/decoded.ts');
  const { compactJson } = await import('../template/compact-json.ts');
  const most = Math.min(count, rendered.count);
  for (let hit = 0; hit < most; hit++) {
    const { target, label } = rendered.next(hit);
    const text = decode
      ? decoded(target, label, rendered.masker)
      : rendered.masker.text(compactJson(target.json));
    const separator = decode && hit > 0 ? '\n' : '';
    if (!process.stdout.write(`${separator}${text}\n`)) await once(process.stdout, 'drain');
  }
  if (most < count) console.error(`taz: there are only ${most} targets`);
  if (rendered.isMasked)
    console.error('taz: secrets are shown as ***; --secrets prints them as they are sent');
}
