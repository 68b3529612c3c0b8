import assert from 'node:assert/strict';
import { test } from 'node:test';
import { elementOf, readListPage } from '../../../src/source/s3/list-xml.ts';

const page = (inside: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inside}</ListBucketResult>`;
const entry = (key: string, etag = '&quot;e1&quot;', size = '3') =>
  `<Contents>\n <Key>${key}</Key><LastModified>2026-11-26T00:00:00Z</LastModified><ETag>${etag}</ETag><Size>${size}</Size></Contents>`;

test('the objects of a page', () => {
  assert.deepEqual(
    readListPage(page(`<IsTruncated>false</IsTruncated>${entry('a')}${entry('b/c', '"e2"', '0')}`)),
    {
      objects: [
        { key: 'a', etag: '"e1"', size: 3 },
        { key: 'b/c', etag: '"e2"', size: 0 },
      ],
      next: null,
    },
  );
});

test('the token of the next page, where there is one', () => {
  const token = '<NextContinuationToken>a&amp;b=</NextContinuationToken>';
  const next = (truncated: boolean) =>
    readListPage(page(`<IsTruncated>${truncated}</IsTruncated>${token}`))!.next;
  assert.equal(next(true), 'a&b=');
  assert.equal(next(false), null);
});

test('names in both kinds of encoding', () => {
  const keys = (encoding: string, key: string) =>
    readListPage(page(`${encoding}${entry(key)}`))!.objects[0]!.key;
  assert.equal(keys('', 'a%20+&lt;&#233;&#x1F600;&amp;lt;'), 'a%20+<é😀&lt;');
  const url = '<EncodingType>url</EncodingType>';
  assert.equal(keys(url, 'a+b%2Bc%26%C3%A9/d'), 'a b+c&é/d');
  assert.equal(keys(url, 'not%zz'), 'not%zz');
});

test('a name that reads like markup is a name', () => {
  const { objects, next } = readListPage(
    page(entry('&lt;NextContinuationToken&gt;x&lt;/NextContinuationToken&gt;')),
  )!;
  assert.equal(objects[0]!.key, '<NextContinuationToken>x</NextContinuationToken>');
  assert.equal(next, null);
});

test('what is no listing is none', () => {
  for (const text of ['', '<html></html>', page('').slice(0, -5), page('<Contents><Key>a</Key></Contents>')])
    assert.equal(readListPage(text), null, text);
});

test('the code of a refusal', () => {
  const body =
    '<Error><Code>NoSuchBucket</Code><Message>it&apos;s not there</Message><Region></Region></Error>';
  assert.equal(elementOf(body, 'Code'), 'NoSuchBucket');
  assert.equal(elementOf(body, 'Message'), "it's not there");
  assert.equal(elementOf(body, 'Region'), '');
  assert.equal(elementOf(body, 'Endpoint'), null);
});
