import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorOf, laneOf, rendered } from './lane.ts';

describe('<%= %> prints for a JSON string', () => {
  const rows: [expression: string, printed: string][] = [
    [`'plain'`, 'plain'],
    [`''`, ''],
    [`'a "quoted" \\\\ text'`, 'a \\"quoted\\" \\\\ text'],
    [`'line\\nend\\ttab'`, 'line\\nend\\ttab'],
    [`'\\u0000\\u001f'`, '\\u0000\\u001f'],
    [`'é 😀 \\u2028'`, 'é 😀 \u2028'],
    ['1.5', '1.5'],
    ['-0', '0'],
    ['1e21', '1e+21'],
    ['10n', '10'],
    ['true', 'true'],
    [`{ a: 'b "c"' }`, '{"a":"b \\"c\\""}'],
    ['[1, "x"]', '[1,"x"]'],
    ['new Date(0)', '"1970-01-01T00:00:00.000Z"'],
    [`toJSON('a "b"')`, '"a \\"b\\""'],
    [`quote('a "b"')`, '"a \\"b\\""'],
    [`compactJSON('{ "a b": "c d" }')`, '{"a b":"c d"}'],
    [`b64dec('eyJhIjoiXCIifQ==')`, '{"a":"\\""}'],
    [`nospace(b64dec('eyJhIjogIiJ9'))`, '{"a":""}'],
    [`trim(quote('x'))`, '"x"'],
  ];
  for (const [expression, printed] of rows) {
    test(`${expression} as ${printed}`, () =>
      assert.equal(rendered(`[<%= ${expression} %>]`), `[${printed}]`));
  }

  test('what is joined from a finished text is escaped', () => {
    assert.equal(rendered(`<%= quote('a') + '"' %>`), '\\"a\\"\\"');
    assert.equal(rendered('<%= `${quote("a")}` %>'), '\\"a\\"');
  });

  test('upper, lower and nospace of an ordinary text are escaped', () => {
    assert.equal(rendered(`<%= upper('a"') %>|<%= lower('A"') %>|<%= nospace('a "') %>`), 'A\\"|a\\"|a\\"');
  });

  test('a finished text is a string in all that code does with it', () => {
    const code = `<% const text = quote('ab') %><%~ text.length %> <%~ text + '!' %> <%~ text.slice(1, 3) %> <%~ toJSON({ text }) %>`;
    assert.equal(rendered(code), '4 "ab"! ab {"text":"\\"ab\\""}');
  });
});

test('<%~ %> prints texts as they are and everything else as <%= %> does', () => {
  assert.equal(rendered(`<%~ 'a "b" \\n' %>|<%~ 1 %>|<%~ [1] %>|<%~ true %>`), 'a "b" \n|1|[1]|true');
  assert.match(errorOf('<%~ undefined %>').reason, /^undefined is undefined/);
  assert.match(errorOf('<%~ null %>').reason, /^null is null/);
});

describe('white space', () => {
  const rows: [what: string, template: string, output: string][] = [
    ['at the ends is left out', '\n\t <%= 1 %> \n\n', '1'],
    ['that is printed at the ends too', `<%~ ' a ' %>`, 'a'],
    ['inside stays', 'a\n\n <%= 1 %>\nb', 'a\n\n 1\nb'],
    ['goes as one line end where a tag says -', 'a\n<%- 1; -%>\n\nb', 'a\nb'],
    ['goes wholly where a tag says _', 'a \n\n <%_ 1; _%> \n\n b', 'ab'],
    ['may be CRLF', 'a\r\n<%= 1 %>\r\nb', 'a\n1\nb'],
    ['may follow a byte order mark', '\ufeff<%= 1 %>', '1'],
    ['of an escaped kind is text', 'a\\n <%= 1 %> \\n', 'a\\n 1 \\n'],
  ];
  for (const [what, template, output] of rows) test(what, () => assert.equal(rendered(template), output));
});

describe('code', () => {
  const rows: [what: string, template: string, output: string][] = [
    ['branches', '<% if (1 > 2) { %>a<% } else { %>b<% } %>', 'b'],
    ['branches without brackets', '<% if (1 > 2) %><%= "a" %><% else %><%= "b" %>', 'b'],
    ['loops', '<% for (const x of [1, 2, 3]) { %><%= x %>,<% } %>', '1,2,3,'],
    ['calls back', '<% [1, 2].forEach((x) => { %><%= x %>;<% }) %>', '1;2;'],
    ['may hold the end of a tag in a string', `<%= '%>' %><%= "a" + '%' + '>' %>`, '%>a%>'],
    ['may hold the start of a tag in a string', `<%= '<%= x' %>`, '<%= x'],
    ['may hold quotes in comments', `a<% // it's a "test" %>b<%= 1 // don't\n %>c<% /* it's */ %>d`, 'ab1cd'],
    [
      'may hold quotes in regular expressions',
      `<%= 'a"b\\'c'.replace(/["']/g, '-').replace(/[/"]/, '') %>`,
      'a-b-c',
    ],
    ['divides', `<%= 12 / 3 / 2 %><% const a = 8, g = 2 %><%= (a) / 2 / g %>`, '22'],
    ['may hold escapes in strings', `<%= 'a\\/b\\'c' %>`, "a/b'c"],
    ['may hold template literals', '<%= `a${ [1, 2].map((x) => `<${x}>`).join("}") }b` %>', 'a<1>}<2>b'],
    [
      'may hold what Eta has names for',
      '<% const res = 1, out = 2, include = 3 %><%= res + out + include %>',
      '6',
    ],
    ['may shadow functions', `<% const list = 'mine' %><%= list %>`, 'mine'],
    ['text may hold quotes, backslashes and ${}', 'a\'b"c\\d`${x}', 'a\'b"c\\d`${x}'],
    ['prints the last of several expressions', '<%= 1, 2 %>', '2'],
    ['does nothing in an empty tag', 'a<% %>b', 'ab'],
  ];
  for (const [what, template, output] of rows) test(what, () => assert.equal(rendered(template), output));

  test('may hold a slash before anything, however long, without taking long to be read', () => {
    const long = 'x'.repeat(5000);
    assert.equal(rendered(`<% const f = (a) => a; const n = [ 4 ] /2; const ${long} = 1 %><%= n %>`), '2');
    assert.match(errorOf(`<%= ( / ${long}[ %>`).reason, /never closed/);
  });

  test('keeps nothing from one render to the next', () => {
    const lane = laneOf('<% let n = 0; n++ %><%= n %>');
    assert.deepEqual([lane.render('entry'), lane.render('entry')], ['1', '1']);
  });
});

describe('variables', () => {
  const variables = { BaseURL: 'http://x', Keys: ['a', 'b'], __proto__: 'not a variable' };

  test('are texts and lists', () => {
    assert.equal(
      rendered('<%= it.BaseURL %> <%= it.Keys %> <%= it.Keys.length %>', { variables }),
      'http://x ["a","b"] 2',
    );
  });

  test('inherit nothing', () => {
    assert.equal(
      rendered(`<%= 'toString' in it %> <%= it.constructor ?? 'none' %> <%= it.Missing ?? 'default' %>`),
      'false none default',
    );
  });

  test('cannot be changed', () => {
    assert.match(errorOf('<% it.BaseURL = 1 %>', { variables }).reason, /read only/);
    assert.match(errorOf('<% it.New = 1 %>', { variables }).reason, /not extensible/);
    assert.match(errorOf('<% it.Keys.push(1) %>', { variables }).reason, /not extensible/);
  });

  test('may have any name', () => {
    const odd = Object.fromEntries([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ]);
    assert.equal(rendered('<%= it.__proto__ %><%= it.constructor %>', { variables: odd }), 'ab');
  });
});

describe('includeTemplate', () => {
  test('gives the output without white space at its ends, not escaped, with the same variables', () => {
    const files = { entry: '{"a": <%= includeTemplate("part") %>}', part: '\n{"b": "<%= it.B %>"}\n' };
    assert.equal(rendered(files, { variables: { B: 'x"' } }), '{"a": {"b": "x\\""}}');
  });

  test('may be given it, as Go templates do', () => {
    assert.equal(rendered({ entry: '<%= includeTemplate("part", it) %>', part: '1' }), '1');
  });

  test('takes names that objects inherit as names like others', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      assert.match(
        errorOf(`<%= includeTemplate('${name}') %>`).reason,
        new RegExp(`there is no template "${name}"`),
      );
      const files = Object.fromEntries([
        ['entry', `<%= includeTemplate('${name}') %>`],
        [name, 'found'],
      ]);
      assert.equal(rendered(files), 'found');
    }
  });

  test('goes 32 deep', () => {
    const files: Record<string, string> = {};
    for (let i = 1; i < 32; i++) files[`t${i}`] = `<%= includeTemplate('t${i + 1}') %>`;
    files['t32'] = 'deep';
    assert.equal(rendered({ ...files, entry: 'x' }), 'x');
    assert.equal(laneOf(files, { entry: 't1' }).render('t1'), 'deep');
    assert.match(
      errorOf({ ...files, entry: '<%= includeTemplate("t1") %>' }).reason,
      /deeper than 32: entry → t1 → t2/,
    );
  });

  test('works again after an error that code caught', () => {
    const files = {
      entry:
        '<% for (let i = 0; i < 100; i++) { try { includeTemplate("bad") } catch {} } %><%= includeTemplate("good") %>',
      bad: '<% throw new Error("no") %>',
      good: 'fine',
    };
    assert.equal(rendered(files), 'fine');
  });
});

describe('source: the template that all of the output comes from', () => {
  const PARTS = { a: 'output of a', b: 'output of b', forward: '\n<%= includeTemplate("a") %>\n' };
  const rows: [what: string, entry: string, source: string][] = [
    ['is the entry itself', 'text', 'entry'],
    ['is what it includes alone', '<%= includeTemplate("a") %>', 'a'],
    ['whatever white space stands around', '<% /* mix */ %>\n\n <%= includeTemplate("b") %>\n', 'b'],
    ['and so on downwards', '<%= includeTemplate("forward") %>', 'a'],
    ['not what it includes besides text', '- <%= includeTemplate("a") %>', 'entry'],
    ['not one of two', '<%= includeTemplate("a") %><%= includeTemplate("b") %>', 'entry'],
    ['not what it rendered and did not print', '<% includeTemplate("b") %><%= includeTemplate("a") %>', 'a'],
    [
      'also when it is not the last one rendered',
      '<% const a = includeTemplate("a"); includeTemplate("b") %><%= a %>',
      'a',
    ],
    ['not an event', '<%~ b64dec(includeEvent("event", "x")) %>', 'entry'],
  ];
  for (const [what, entry, source] of rows) {
    test(what, () => {
      const lane = laneOf({ entry, ...PARTS, event: '{"messageId":"1"}' });
      lane.render('entry');
      assert.equal(lane.names[lane.source], source);
    });
  }
});
