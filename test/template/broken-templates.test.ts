import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorOf } from './lane.ts';

/** A template `entry` (with others beside it), where its error is, and what is said. */
type Row = [what: string, files: string | Record<string, string>, place: string | RegExp, reason: RegExp];

const ROWS: Row[] = [
  // What cannot be compiled.
  ['a tag without an end', 'a\n <%= 1', 'entry:2:2', /^the tag is never closed: %> is missing$/],
  [
    'a tag whose end stands in a string',
    `a <%= '%>`,
    'entry:1:7',
    /^the string is never closed: ' is missing$/,
  ],
  ['a string without an end', 'a\n<%= "x %>', 'entry:2:5', /^the string is never closed: " is missing$/],
  ['a string over two lines', `<%= 'x\n' %>`, 'entry:1:5', /^the string is never closed/],
  [
    'a template literal without an end',
    '<%= `x${1} %>',
    'entry:1:5',
    /^the template literal is never closed/,
  ],
  ['a comment without an end', '<% /* x %>', 'entry:1:4', /^the comment is never closed/],
  ['an empty tag that prints', 'a <%= %>', 'entry:1:7', /^the tag is empty/],
  ['a tag that prints a comment', 'a <%= /* x */ %>', 'entry:1:15', /^the tag is empty/],
  ['a block without an end', '{\n<% if (true) { %>\n1\n', 'entry:2:14', /^this \{ is never closed$/],
  [
    'two blocks, one without an end',
    '<% if (1) { %><% if (2) { %><% } %>',
    'entry:1:11',
    /^this \{ is never closed$/,
  ],
  ['an end without a block', 'a\n\n  <% } %>', 'entry:3:6', /^this \} closes nothing$/],
  ['a bracket without an end', 'a\n<%= phony("x" %>', 'entry:2:10', /^this \( is never closed$/],
  ['brackets that do not match', '<%= [1, 2) %>', 'entry:1:10', /^this \) closes nothing$/],
  ['brackets that cross', '<%= ([1)] %>', 'entry:1:6', /^this \[ is never closed$/],
  [
    'JavaScript that is none',
    'a\n  <% foo bar %>',
    'entry:2:10',
    /^no valid JavaScript: Unexpected identifier 'bar'/,
  ],
  [
    'JavaScript that is none, lines below',
    '<%\n\n  let x = = 1\n%>',
    'entry:3:11',
    /^no valid JavaScript: Unexpected token '='/,
  ],
  [
    'a semicolon in a tag that prints',
    '<%= 1; %>',
    'entry:1:6',
    /^no valid JavaScript: Unexpected token ';'/,
  ],
  [
    'a variable declared twice',
    '<% let x %>\n<% let x %>',
    'entry:2:8',
    /Identifier 'x' has already been declared/,
  ],
  [
    'with, which strict code has not',
    '<% with (it) { %><% } %>',
    'entry:1:4',
    /Strict mode code may not include a with/,
  ],
  ['await', '<%= await 1 %>', 'entry:1:11', /no valid JavaScript: .*; a template cannot wait for anything$/],
  ['default as a function', 'x <%= default("a", 1) %>', 'entry:1:7', /write value \?\? 'fallback'$/],
  ['a block of Go', '<% range .Items %>', 'entry:1:4', /^range is not defined: write <% for/],

  // What cannot be rendered.
  [
    'an unknown function',
    'a\n  <%= phoney("id") %>',
    'entry:2:7',
    /^phoney is not defined; did you mean "phony"\?$/,
  ],
  [
    'a variable without it',
    '<%= BaseURL %>',
    'entry:1:5',
    /^BaseURL is not defined; variables of the test are it\.NAME$/,
  ],
  [
    'a variable that the test has not',
    'a <%= it.BaseUrl %>',
    'entry:1:7',
    /^it\.BaseUrl is undefined; did you mean "BaseURL"\?; variables are BaseURL$/,
  ],
  [
    'a member of nothing',
    '\n<%= it.Foo.bar %>',
    'entry:2:12',
    /^Cannot read properties of undefined \(reading 'bar'\)$/,
  ],
  ['undefined', '<%=\n  void 0\n%>', 'entry:2:3', /^void 0 is undefined$/],
  ['null', '<%= null %>', 'entry:1:5', /^null is null$/],
  ['a number that is none', '<%= 0 / 0 %>', 'entry:1:5', /^0 \/ 0 is NaN/],
  ['an infinite number', '<%= 1 / 0 %>', 'entry:1:5', /^1 \/ 0 is Infinity/],
  [
    'a function that is not called',
    '<%= uuid %>',
    'entry:1:5',
    /^uuid is a function: it has to be called, with \(\)$/,
  ],
  ['a symbol', '<%= Symbol("x") %>', 'entry:1:5', /is a symbol$/],
  ['a promise', '<%= Promise.resolve(1) %>', 'entry:1:5', /is a promise: a template cannot wait/],
  ['bytes', '<%= toBytes("x") %>', 'entry:1:5', /is bytes: print base64\(…\) of them$/],
  ['an object that goes round', '<% const a = {}; a.a = a %>\n<%= a %>', 'entry:2:5', /circular structure/],
  ['an error that code throws', '<%\n  throw new Error("no luck")\n%>', 'entry:2:9', /^no luck$/],
  [
    'a text that code throws',
    '<% if (1) {\n  throw "no luck" } %>',
    'entry:2:3',
    /^the template threw "no luck"$/,
  ],
  ['nothing that code throws', '<% throw undefined %>', 'entry:1:4', /^the template threw undefined$/],
  [
    'an object that code throws',
    '<% throw { toString() { throw 1 } } %>',
    'entry:1:4',
    /^the template threw something that cannot be shown$/,
  ],
  [
    'an error in a function of the template',
    '<% const f = () => {\n  it.a.b() } %>\n<%= f() %>',
    'entry:2:8',
    /reading 'b'/,
  ],
  ['a return', 'a<% return %>', 'entry', /^a template cannot return/],
  [
    'a recursion of code',
    '<% const f = () => f() + 1 %><%= f() %>',
    /^entry:1:\d+$/,
    /^Maximum call stack size exceeded$/,
  ],
  ['a variable that is not declared', '<% total = 1 %>', 'entry:1:10', /^total is not defined/],

  // Includes.
  [
    'an unknown include',
    'a <%= includeTemplate("trak.json") %>',
    'entry:1:7',
    /^there is no template "trak\.json" in the set; there are "entry"$/,
  ],
  [
    'a misspelt include',
    { entry: '<%= includeTemplate("trak.json") %>', 'track.json': '' },
    'entry:1:5',
    /did you mean "track\.json"\?$/,
  ],
  ['an unknown event', '<%= includeEvent("nope", "track") %>', 'entry:1:5', /^there is no template "nope"/],
  [
    'an include of itself',
    'a\n<%= includeTemplate("entry") %>',
    'entry:2:5',
    /^includes go deeper than 32: entry → entry/,
  ],
  [
    'two that include each other',
    { entry: '<%= includeTemplate("b") %>', b: '<%= includeTemplate("entry") %>' },
    'b:1:5',
    /deeper than 32: entry → b → entry/,
  ],
  [
    'an event that includes itself',
    '<%= includeEvent("entry", "x") %>',
    'entry:1:5',
    /^includes go deeper than 32/,
  ],
  [
    'an error in an include',
    { entry: '\n<%= includeTemplate("b") %>', b: 'x\n <%= it.No %>' },
    'b:2:6',
    /^it\.No is undefined.* \(included by entry:2\)$/,
  ],
  [
    'an error two includes down',
    { entry: '<%= includeTemplate("b") %>', b: '\n\n<%= includeTemplate("c") %>', c: '<%= foo %>' },
    'c:1:5',
    /\(included by b:3, entry\)$/,
  ],
  [
    'an include without a name',
    '<%= includeTemplate() %>',
    'entry:1:5',
    /^includeTemplate: the name must be a string that is not empty, not undefined$/,
  ],
  [
    'an include with data',
    '<%= includeTemplate("entry", { a: 1 }) %>',
    'entry:1:5',
    /^includeTemplate: it takes a name and no data \(an object\)/,
  ],
  [
    'an event without a type',
    { entry: '<%= includeEvent("e") %>', e: '{}' },
    'entry:1:5',
    /^includeEvent: the type must be a string/,
  ],
  [
    'an event that is no JSON',
    { entry: '<%= includeEvent("e", "x") %>', e: '{"a": }' },
    'entry:1:5',
    /^event "e" is no JSON object: /,
  ],
  [
    'an event that is a list',
    { entry: '<%= includeEvent("e", "x") %>', e: '[]' },
    'entry:1:5',
    /^event "e" is no JSON object but an array/,
  ],

  // Arguments.
  [
    'no kind',
    '<%= phony() %>',
    'entry:1:5',
    /^phony: the kind must be a string that is not empty, not undefined$/,
  ],
  ['an unknown kind', '<%= phony("emial") %>', 'entry:1:5', /no kind "emial"; did you mean "email"\?/],
  [
    'an unknown path',
    '<%= faker("commerce.produktName") %>',
    'entry:1:5',
    /no method "commerce\.produktName"; did you mean/,
  ],
  [
    'write keys that are missing',
    '<%= selectWriteKey(it.WriteKeys, "track") %>',
    'entry:1:5',
    /^selectWriteKey takes a write key or a list/,
  ],
  [
    'a range that is empty',
    '<%= randInt(5, 5) %>',
    'entry:1:5',
    /^randInt: max must be greater than min, not 5 after 5$/,
  ],
  [
    'a range of texts',
    '<%= randInt("1", 5) %>',
    'entry:1:5',
    /^randInt: min must be a whole number, not "1"$/,
  ],
  [
    'a range of fractions',
    '<%= randInt(1, 5.5) %>',
    'entry:1:5',
    /^randInt: max must be a whole number, not 5\.5$/,
  ],
  [
    'too long a random text',
    '<%= randAlphaNum(1e9) %>',
    'entry:1:5',
    /^randAlphaNum: the length must be a whole number from 0 to 10000, not 1000000000$/,
  ],
  [
    'a choice from nothing',
    '<%= pick([]) %>',
    'entry:1:5',
    /^pick: a list of at least one element is needed, not an empty list$/,
  ],
  [
    'a choice from a text',
    '<%= pick("abc") %>',
    'entry:1:5',
    /^pick: a list of at least one element is needed, not "abc"$/,
  ],
  [
    'weights that are none',
    '<%= weighted({ a: "60" }) %>',
    'entry:1:5',
    /^weighted: the weight of a must be a number from 0 on, not "60"$/,
  ],
  [
    'a negative weight',
    '<%= weighted({ a: 1, b: -1 }) %>',
    'entry:1:5',
    /the weight of b must be a number from 0 on, not -1$/,
  ],
  [
    'weights of nothing',
    '<%= weighted({ a: 0 }) %>',
    'entry:1:5',
    /^weighted: at least one weight must be greater than 0$/,
  ],
  ['pairs that are none', '<%= weighted([1, 2]) %>', 'entry:1:5', /must be a pair \[value, weight\], not 1$/],
  ['JSON that is none', `<%= compactJSON('{"a" 1}') %>`, 'entry:1:5', /^compactJSON: .*JSON/],
  ['base64 that is none', '<%= b64dec("no base64!") %>', 'entry:1:5', /^b64dec: "no base64!" is no base64$/],
  ['a text that is none', '<%= upper(undefined) %>', 'entry:1:5', /^upper: a text is needed, not undefined$/],
  ['a list that is none', '<%= join("a", "b") %>', 'entry:1:5', /^join: a list is needed, not "a"$/],
  [
    'a form of time that is none',
    '<%= now("rfc822") %>',
    'entry:1:5',
    /^now: the format must be "iso", "unix" or "unixMs", not "rfc822"$/,
  ],
  ['what has no JSON', '<%= toJSON(undefined) %>', 'entry:1:5', /^toJSON: undefined has no form in JSON$/],
];

describe('a broken template is refused with its place and the reason', () => {
  for (const [what, files, place, reason] of ROWS) {
    test(what, () => {
      const error = errorOf(files, { variables: { BaseURL: 'http://x' } });
      const { template, line, column } = error;
      const found = line === null ? template : `${template}:${line}:${column}`;
      if (place instanceof RegExp) assert.match(found, place);
      else assert.equal(found, place);
      assert.match(error.reason, reason);
      assert.equal(error.message, `${found}: ${error.reason}`);
      assert.equal(error.excerpt === null, line === null);
      assert.doesNotMatch(error.message, /__taz|taz-template|\n/);
    });
  }
});

describe('the excerpt shows the line and the place', () => {
  test('with a caret under the column', () => {
    assert.equal(
      errorOf('{\n  "id": "<%= nope() %>",\n}').excerpt,
      '  2 |   "id": "<%= nope() %>",\n    |              ^',
    );
  });

  test('without control characters', () => {
    assert.equal(
      errorOf('\t\u001b[31m<%= nope() %>').excerpt,
      '  1 |   [31m<%= nope() %>\n    |           ^',
    );
  });

  test('cut where the line is long', () => {
    const { excerpt } = errorOf(`${'x'.repeat(10_000)}<%= nope() %>${'y'.repeat(10_000)}`);
    const [line, caret] = excerpt!.split('\n') as [string, string];
    assert.ok(line.length < 130, line);
    assert.ok(line.slice(caret.indexOf('^')).startsWith('nope()'));
  });
});
