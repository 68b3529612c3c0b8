import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { sealContent, unsealContent } from '../../src/source/sealed-content.ts';
import { makeTemplateContent } from '../../src/template/make-content.ts';
import { EVENTS, surroundings } from './surroundings.ts';

const VALUE = 'hunter2';

function content(value = VALUE) {
  return makeTemplateContent({
    entry: 'a',
    files: { a: '' },
    events: EVENTS,
    variables: { Url: 'u', Token: value },
    secrets: ['Token'],
    secretRefs: { Token: { name: 's', key: 'k', proof: '' } },
    secretKey: 'key',
  });
}

const beside = (k: string) => surroundings({ secrets: { s: { k } } });

suite('content that travels', () => {
  test('holds no value of a secret, and is whole again where the Secret is', async () => {
    const sealed = await sealContent(content());
    assert.deepEqual(sealed.variables, { Url: 'u' });
    assert.doesNotMatch(JSON.stringify(sealed), /hunter2/);
    assert.equal(sealed.digest, content().digest);
    assert.deepEqual(await unsealContent(sealed, beside(VALUE)), content());
  });

  test('is the same text each time', async () => {
    assert.deepEqual(await sealContent(content()), await sealContent(content()));
  });

  test('waits for the value that it was made with', async () => {
    const sealed = await sealContent(content());
    await assert.rejects(unsealContent(sealed, beside('older')), (error: Error) => {
      assert.match(error.message, /^variable Token: Secret s \(key k\) has another value here/);
      assert.doesNotMatch(error.message, /older|hunter2/);
      return true;
    });
  });

  test('waits for a Secret and a key that are not there', async () => {
    const sealed = await sealContent(content());
    await assert.rejects(
      unsealContent(sealed, surroundings()),
      /^SourceError: variable Token: Secret s \(key k\) is not/,
    );
    const other = surroundings({ secrets: { s: { other: VALUE } } });
    await assert.rejects(unsealContent(sealed, other), /variable Token: Secret s has no key k/);
  });

  test('has another digest with another value, another key of the run, or another place of it', () => {
    const { digest: _, kind: __, labels: ___, ...parts } = content();
    const digests = [
      content(),
      content('other'),
      makeTemplateContent({ ...parts, secretKey: 'another' }),
      makeTemplateContent({
        ...parts,
        secretKey: 'key',
        secretRefs: { Token: { name: 's2', key: 'k', proof: '' } },
      }),
    ].map(({ digest }) => digest);
    assert.equal(new Set(digests).size, 4);
  });

  test('without secrets is as it was', async () => {
    const plain = makeTemplateContent({
      entry: 'a',
      files: { a: '' },
      events: EVENTS,
      variables: {},
      secrets: [],
    });
    assert.deepEqual(await sealContent(plain), plain);
    assert.deepEqual(await unsealContent(plain, surroundings()), plain);
  });
});
