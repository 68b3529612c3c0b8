import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AllowedHosts, ANY_HOST, splitPatterns } from '../../src/target/allowed-hosts.ts';
import { TargetError } from '../../src/target/target-error.ts';

suite('hosts that may be sent to', () => {
  const rows: [pattern: string, allowed: string[], refused: string[]][] = [
    [
      'api.ingest.svc',
      ['api.ingest.svc:80', 'API.ingest.svc:8080', 'api.ingest.svc.:80'],
      ['a.api.ingest.svc:80'],
    ],
    [
      '*.ingest.svc',
      ['api.ingest.svc:80', 'a.b.ingest.svc:1'],
      ['ingest.svc:80', 'xingest.svc:80', 'ingest.svc.evil:80'],
    ],
    ['api.ingest.svc:8080', ['api.ingest.svc:8080'], ['api.ingest.svc:80']],
    ['*.ingest.svc:443', ['api.ingest.svc:443'], ['api.ingest.svc:80']],
    ['10.0.0.1', ['10.0.0.1:80'], ['10.0.0.10:80', '110.0.0.1:80']],
    ['[fd00::1]', ['fd00::1:80', '[fd00::1]:80'], ['fd00::2:80']],
  ];
  for (const [pattern, allowed, refused] of rows) {
    test(pattern, () => {
      const hosts = new AllowedHosts([pattern]);
      const refusal = (place: string) => {
        const colon = place.lastIndexOf(':');
        return hosts.refusal(place.slice(0, colon), Number(place.slice(colon + 1)));
      };
      for (const place of allowed) assert.equal(refusal(place), null, place);
      for (const place of refused) {
        assert.equal(
          refusal(place),
          `host "${place}" is not among the hosts that this cluster allows: ${pattern}`,
        );
      }
    });
  }

  test('without a pattern all may', () => {
    assert.equal(ANY_HOST.refusal('anywhere', 1), null);
    ANY_HOST.checkOrigin('https://anywhere');
    ANY_HOST.checkAddress('anywhere:1');
  });

  test('an origin counts with its port, also where that is not written', () => {
    const hosts = new AllowedHosts(['a.svc:80', 'b.svc:443']);
    for (let times = 0; times < 2; times++) {
      hosts.checkOrigin('http://a.svc');
      hosts.checkOrigin('https://b.svc');
      assert.throws(() => hosts.checkOrigin('https://a.svc'), {
        name: 'TargetError',
        message: /"a\.svc:443"/,
      });
      assert.throws(() => hosts.checkOrigin('http://[::1]:80'), TargetError);
    }
  });

  test('each of several addresses must be allowed', () => {
    const hosts = new AllowedHosts(['*.kafka.svc']);
    for (let times = 0; times < 2; times++) {
      hosts.checkAddress('a.kafka.svc:9092,b.kafka.svc:9092');
      assert.throws(() => hosts.checkAddress('a.kafka.svc:9092,c.other.svc:9092'), /"c\.other\.svc:9092"/);
    }
  });

  test('what is no pattern is refused by its text', () => {
    for (const text of ['*', 'a.*.svc', 'http://a.svc', 'a.svc:0', 'a.svc:70000', 'a/b', '']) {
      assert.throws(() => new AllowedHosts([text]), {
        name: 'RangeError',
        message: new RegExp(`^"${text.replaceAll('*', '\\*')}" is not a host, such as`),
      });
    }
  });

  test('a text holds patterns between commas, white space and line ends', () => {
    assert.deepEqual(splitPatterns(' a.svc, *.b.svc\nc.svc:80\n\n'), ['a.svc', '*.b.svc', 'c.svc:80']);
  });
});
