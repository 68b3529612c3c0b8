import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseHttpTarget } from '../../src/target/http-target.ts';
import { checkTemplates } from '../../src/template/check/check-templates.ts';
import { Problems } from '../../src/template/check/problems.ts';
import { type ContentProblem, checkContent, formatContentProblem } from '../../src/template/check.ts';
import { makeCannedContent } from '../../src/template/make-content.ts';
import { RENDER_PATH_LENGTH } from '../../src/template/template-set.ts';
import { contentOf, type Given } from './lane.ts';

const GOOD = '{"method":"POST","url":"http://h/","body":"<%= includeEvent(\'event\', \'x\') %>"}';

/** In a process of its own, as a test is checked. */
function check(
  files: Record<string, string>,
  given: Given = {},
  timeLimitMs = 5000,
): Promise<ContentProblem[]> {
  return checkContent(contentOf(files, given), 'http', { timeLimitMs });
}

/** What that process does, in this one: for templates that are known to do no harm. */
function checkHere(files: Record<string, string>, given: Given = {}): string[] {
  const problems = new Problems();
  checkTemplates(contentOf(files, given), parseHttpTarget, problems, {
    renders: 200,
    hasTime: () => true,
    path: new Int32Array(RENDER_PATH_LENGTH),
    compiled: () => {},
  });
  return shown(problems.all);
}

/** The problems as `place: message`. */
function shown(problems: ContentProblem[]): string[] {
  return problems.map((problem) => formatContentProblem({ ...problem, excerpt: null }));
}

function assertProblems(found: string[], expected: RegExp[]): void {
  assert.equal(found.length, expected.length, found.join('\n'));
  for (const [i, problem] of expected.entries()) assert.match(found[i]!, problem);
}

test('good templates have no problems', async () => {
  const files = { entry: GOOD, event: '{"a": 1}' };
  assert.deepEqual(checkHere(files), []);
  assert.deepEqual(await check(files), []);
});

describe('problems', () => {
  const rows: [what: string, files: Record<string, string>, problems: RegExp[]][] = [
    [
      'of all templates, also those that nothing includes',
      { entry: '<% foo bar %>', other: '\n<%= (1 %>' },
      [
        /^entry:1:8: no valid JavaScript: Unexpected identifier 'bar'$/,
        /^other:2:5: this \( is never closed$/,
      ],
    ],
    [
      'of an entry that is not there',
      { enty: '{}' },
      [/^entry: there is no such template.*; did you mean "enty"\?$/],
    ],
    [
      'of what each render does, once',
      { entry: '<%= it.Foo %>' },
      [/^entry:1:5: it\.Foo is undefined; the test has no variables$/],
    ],
    [
      'of a rare branch',
      {
        entry: `<%= includeTemplate(weighted({ a: 995, b: 5 })) %>`,
        a: GOOD,
        b: '{"method":"GET","url":"x"}',
        event: '{}',
      },
      [/^b: what it renders is no valid target: url "x" is not absolute/],
    ],
    [
      'of a branch that chance never takes',
      {
        entry: `<% if (randFloat64() < 0) { %><%= includeTemplate('b') %><% } %>${GOOD}`,
        b: '<%= nope %>',
        event: '{}',
      },
      [/^b:1:5: nope is not defined/],
    ],
    [
      'of a name in a branch that chance never takes',
      { entry: `<% if (randFloat64() < 0) includeTemplate('evnt') %>${GOOD}`, event: '{}' },
      [/^entry:1:43: there is no template "evnt" in the set; did you mean "event"\?$/],
    ],
    [
      'of an event, said of the event and not of what includes it',
      { entry: GOOD, event: '{"a": }' },
      [/^event: the event is no JSON object: Unexpected token '}'/],
    ],
    [
      'of an event that is a list',
      { entry: GOOD, event: '[1]' },
      [/^event: the event is no JSON object but an array$/],
    ],
    [
      'of an event in a batch',
      { entry: GOOD, event: '{"batch": [1, {}]}' },
      [/^event: the event has a batch whose element 0 is no JSON object/],
    ],
    [
      'of a target that is empty',
      { entry: ' <% %> ' },
      [/^entry: what it renders is no valid target: target is empty/],
    ],
    ['of a target that is text', { entry: 'GET http://h/' }, [/no valid target: target is no JSON/]],
    [
      'of a target in the syntax of Go',
      { entry: '{"method":"GET","url":"{{ .BaseURL }}"}' },
      [/is the syntax of Go templates; here it is <%= … %>$/],
    ],
  ];
  for (const [what, files, problems] of rows) {
    test(what, () => assertProblems(checkHere(files), problems));
  }
});

describe('templates that do harm', { concurrency: 2 }, () => {
  const rows: [what: string, files: Record<string, string>, problems: RegExp[]][] = [
    [
      'leave a rejected promise',
      { entry: `<% Promise.reject(new Error('oops')) %>${GOOD}`, event: '{}' },
      [/^entry: it leaves a rejected promise behind, .*: oops$/],
    ],
    [
      'throw in a timer',
      { entry: `<% setTimeout(() => { throw new Error('oops') }) %>${GOOD}`, event: '{}' },
      [/^entry: it throws in a timer or callback, .*: oops$/],
    ],
    [
      'end the process',
      { entry: '<% process.exit(0) %>' },
      [/^entry: it ended the process that checked it: does it call process\.exit\?$/],
    ],
    [
      'fill the memory',
      { entry: '<% for (const all = []; ; ) all.push(new Array(1000).fill(0)) %>' },
      [/^entry: it needs more than 256 MiB of memory$/],
    ],
  ];
  for (const [what, files, problems] of rows) {
    test(what, async () => assertProblems(shown(await check(files)), problems));
  }
});

test('a problem has place, excerpt and message', async () => {
  const [problem] = await check({ entry: '{\n<%= it.Foo %>}' }, { variables: { Fo: '1' } });
  assert.deepEqual(problem, {
    template: 'entry',
    line: 2,
    column: 5,
    excerpt: '  2 | <%= it.Foo %>}\n    |     ^',
    message: 'it.Foo is undefined; did you mean "Fo"?; variables are Fo',
  });
  assert.equal(
    formatContentProblem(problem),
    'entry:2:5: it.Foo is undefined; did you mean "Fo"?; variables are Fo\n  2 | <%= it.Foo %>}\n    |     ^',
  );
});

test('no more than twenty problems', () => {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`t${i}`, '<% ( %>']));
  assert.equal(checkHere(files).length, 20);
});

describe('what does not end is ended, and named', () => {
  test('a loop in an included template', async () => {
    const files = { entry: `<%= includeTemplate('loop') %>`, loop: 'x<% for (;;) {} %>', other: '{}' };
    const [problem, ...others] = await check(files, {}, 300);
    assert.equal(problem!.template, 'loop');
    assert.match(problem!.message, /still being rendered after 0\.3 s/);
    assert.deepEqual(others, []);
  });

  test('a loop of promises', async () => {
    const files = { entry: `<% (async () => { for (;;) await 0 })() %>${GOOD}`, event: '{}' };
    const [problem] = await check(files, {}, 300);
    assert.equal(problem!.template, 'entry');
    assert.match(problem!.message, /busy for more than 0\.3 s/);
  });

  test('but what is only slow is no problem', async () => {
    const files = {
      entry: `<% for (const end = Date.now() + 60; Date.now() < end; ); %>${GOOD}`,
      event: '{}',
    };
    assert.deepEqual(await check(files, {}, 3000), []);
  });
});

test('secrets do not stand in messages', async () => {
  const given = { variables: { Token: 'hunter2-hunter2' }, secrets: ['Token'] };
  const [problem] = await check({ entry: '<% throw new Error(`bad ${it.Token}`) %>' }, given);
  assert.equal(problem!.message, 'bad ***');
});

test('a check says the same each time', () => {
  const files = {
    entry: `<% if (randFloat64() < 0.02) throw new Error('at ' + randInt(0, 1e9)) %>${GOOD}`,
    event: '{}',
  };
  const given = { events: { seed: null } };
  assert.deepEqual(checkHere(files, given), checkHere(files, given));
});

test('a host that may not be sent to is a problem', async () => {
  const content = await makeCannedContent({
    files: [{ name: 'f.jsonl', text: '{"method":"GET","url":"http://other.svc/"}' }],
    loop: true,
    variables: {},
    secrets: [],
  });
  const [problem] = await checkContent(content, 'http', { allowedHosts: ['*.ingest.svc'] });
  assert.match(
    problem!.message,
    /host "other\.svc:80" is not among the hosts that this cluster allows: \*\.ingest\.svc/,
  );
  assert.deepEqual(await checkContent(content, 'http', { allowedHosts: ['other.svc'] }), []);
});

describe('canned targets', () => {
  const canned = async (text: string) =>
    checkContent(
      await makeCannedContent({ files: [{ name: 'f.jsonl', text }], loop: true, variables: {}, secrets: [] }),
      'http',
    );
  const target = '{"method":"GET","url":"http://h/"}';

  test('that are good have no problems', async () =>
    assert.deepEqual(await canned(`${target}\n\n${target}`), []));

  test('have problems with file and line', async () => {
    const problems = await canned(`${target}\n\n{"method":"GET"}\nnonsense\n`);
    assert.deepEqual(
      problems.map(({ template, line }) => `${template}:${line}`),
      ['f.jsonl:3', 'f.jsonl:4'],
    );
    assert.match(problems[0]!.message, /^url is missing/);
    assert.match(problems[1]!.message, /^target is no JSON/);
  });

  test('have five problems at most', async () => assert.equal((await canned('x\n'.repeat(10))).length, 5));

  test('must be there', async () => {
    assert.deepEqual((await canned('\n\n')).map(formatContentProblem), [
      'f.jsonl: there is no target: write one JSON object a line',
    ]);
  });

  test('that change between counting and checking are a problem and no crash', async () => {
    const content = await makeCannedContent({
      files: [{ name: 'f', text: target }],
      loop: true,
      variables: {},
      secrets: [],
    });
    const [problem] = await checkContent(
      { ...content, files: [{ name: 'f', path: '/no/such/file' }] },
      'http',
    );
    assert.match(formatContentProblem(problem!), /^f: targets file "f" does not exist$/);
  });
});
