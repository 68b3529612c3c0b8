import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CannedTargeter } from '../../src/target/canned-targeter.ts';
import { parseHttpTarget } from '../../src/target/http-target.ts';
import { TargetError } from '../../src/target/target-error.ts';
import { openTargets } from '../../src/target/target-lines.ts';

const folder = fileURLToPath(new URL('../corpus/targets/', import.meta.url));

/** Each wrong file, and what is said of its first wrong line. */
const messages: Record<string, RegExp> = {
  'bad-method.jsonl': /^bad-method\.jsonl:1: method "GET \/" is not one word/,
  'bad-port.jsonl': /^bad-port\.jsonl:1: url "http:\/\/127\.0\.0\.1:80800" has no valid host and port/,
  'binary.jsonl': /^binary\.jsonl:1: the line is no UTF-8 text/,
  'blank.jsonl': /^no target in blank\.jsonl/,
  'capital-keys.jsonl': /^capital-keys\.jsonl:1: method is missing: write the key "Method" in small letters/,
  'credentials-in-url.jsonl': /^credentials-in-url\.jsonl:1: url .* holds credentials: send them in a header/,
  'cut-off.jsonl': /^cut-off\.jsonl:3: target is no JSON at character 40/,
  'empty.jsonl': /^no target in empty\.jsonl/,
  'header-chunked.jsonl': /^header-chunked\.jsonl:1: header "Transfer-Encoding" cannot be sent/,
  'header-line-end.jsonl':
    /^header-line-end\.jsonl:1: header "Authorization": value 1 has the control character/,
  'header-no-list.jsonl': /^header-no-list\.jsonl:1: header "Accept" is a string: write a list/,
  'header-number.jsonl': /^header-number\.jsonl:1: header "X-Retry": value 1 is a number: put it in quotes/,
  'latin-1.jsonl': /^latin-1\.jsonl:1: the line is no UTF-8 text/,
  'line-end-in-url.jsonl': /^line-end-in-url\.jsonl:1: url has a control character/,
  'list.jsonl': /^list\.jsonl:1: target is .*: write an object/,
  'no-method.jsonl': /^no-method\.jsonl:1: method is missing: write "GET"/,
  'no-url.jsonl': /^no-url\.jsonl:3: url is missing/,
  'not-json.jsonl': /^not-json\.jsonl:2: target is no JSON: .*'G'/,
  'object-body.jsonl': /^object-body\.jsonl:1: body is no text but .*b64enc/,
  'other-scheme.jsonl': /^other-scheme\.jsonl:1: url .*"unix" cannot be sent to/,
  'plain-body.jsonl': /^plain-body\.jsonl:1: body is no base64: "{" stands at character 1/,
  'pretty-printed.jsonl': /^pretty-printed\.jsonl:1: target is no JSON at character 2/,
  'relative-url.jsonl': /^relative-url\.jsonl:1: url "\/v1\/track" is not absolute/,
  'two-on-a-line.jsonl': /^two-on-a-line\.jsonl:1: target is no JSON at character 52/,
  'unquoted-url.jsonl': /^unquoted-url\.jsonl:1: target is no JSON: .*'h'/,
  'url-base64-body.jsonl': /^url-base64-body\.jsonl:1: body is no base64: .*URL alphabet/,
  'utf-16.jsonl': /^utf-16\.jsonl:1: the line is no UTF-8 text/,
  'wrong-length.jsonl': /^wrong-length\.jsonl:1: header "Content-Length" is "3" but the body has 2 bytes/,
};

test('every wrong file of the corpus is expected here, and no other', () => {
  assert.deepEqual(readdirSync(folder).sort(), Object.keys(messages).sort());
});

for (const [name, message] of Object.entries(messages)) {
  test(`corpus: ${name}`, async () => {
    const files = [{ name, path: folder + name }];
    const lines = await openTargets(files);
    const content = {
      kind: 'targets',
      digest: '',
      labels: [name],
      variables: {},
      secrets: [],
      files,
      loop: false,
    } as const;
    const read = (): void => {
      const targeter = new CannedTargeter(
        { ...content, labels: [name], secrets: [], secretRefs: {}, count: lines.count },
        lines,
        parseHttpTarget,
      );
      try {
        for (let hit = 0; hit < lines.count; hit++) targeter.next(hit);
      } finally {
        targeter.close();
      }
    };
    assert.throws(read, (error: Error) => {
      assert.ok(error instanceof TargetError);
      assert.match(error.message, message);
      return true;
    });
  });
}
