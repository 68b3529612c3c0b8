import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MovedError, SourceError } from '../../src/source/source-error.ts';
import { type Listing, listStill, readStill } from '../../src/source/still.ts';

const { signal } = new AbortController();

/** Lists the versions in turn, the last again and again; each is read as itself. An error stands for its being thrown. */
function story(versions: (string | Error)[], reads: Record<string, Error> = {}) {
  const read: string[] = [];
  const left = versions.slice();
  return {
    read,
    options: {
      list: async (): Promise<Listing> => {
        const version = left.length > 1 ? left.shift()! : left[0]!;
        if (version instanceof Error) throw version;
        return { version };
      },
      read: async ({ version }: Listing): Promise<string> => {
        read.push(version);
        if (reads[version] !== undefined) throw reads[version];
        return version;
      },
      settleMs: 1,
      signal,
    },
  };
}

const gone = new MovedError('a is gone');
const denied = new SourceError('access denied');

const good: [what: string, versions: (string | Error)[], reads: Record<string, Error>, read: string[]][] = [
  ['what holds still is read once', ['1'], {}, ['1']],
  ['what moves while it is read is read anew', ['2', '3'], {}, ['1', '2', '3']],
  ['what goes while it is read is listed again', ['2'], { 1: gone }, ['1', '2']],
  ['what comes back while it is read is not taken for the same', ['2', '1'], {}, ['1', '2', '1']],
  ['what is not there for a moment is waited for', [gone, gone, '2'], {}, ['1', '2']],
];
for (const [what, versions, reads, read] of good) {
  test(what, async () => {
    const { options, read: found } = story(versions, reads);
    const { listing, value } = await readStill({ version: '1' }, options);
    assert.equal(value, listing.version);
    assert.deepEqual(found, read);
  });
}

const bad: [
  what: string,
  versions: (string | Error)[],
  reads: Record<string, Error>,
  error: Error | RegExp,
][] = [
  [
    'what never holds still is given up',
    ['2', '3', '4', '5', '6', '7'],
    {},
    /it keeps changing while it is being read/,
  ],
  ['what stays gone is an error, in its own words', ['1'], { 1: gone }, gone],
  ['what cannot be listed for long is one', [gone], {}, gone],
  ['another error is none of waiting', ['1'], { 1: denied }, denied],
  ['nor in a listing', [denied, '1'], {}, denied],
];
for (const [what, versions, reads, error] of bad) {
  test(what, async () => {
    const { options, read } = story(versions, reads);
    await assert.rejects(readStill({ version: '1' }, options), error);
    assert.ok(read.length <= 5);
  });
}

test('a first listing waits for what is not there for a moment', async () => {
  const { options } = story([gone, gone, '1']);
  assert.deepEqual(await listStill(options.list, 1, signal), { version: '1' });
  await assert.rejects(listStill(story([gone]).options.list, 1, signal), gone);
});

test('waiting is ended by the signal', async () => {
  const { options } = story(['1']);
  const ending = AbortSignal.timeout(10);
  await assert.rejects(readStill({ version: '1' }, { ...options, settleMs: 60_000, signal: ending }));
});
