import { isIP } from 'node:net';
import { type Check, celPattern, matching } from './cel.ts';
import { choice, duration, fields, flag, integer, list, map, privateText, text } from './kinds.ts';
import { KeyReference, objectName } from './names.ts';

const STATUS_RANGE = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/;
const HTTP_URL = /^https?:\/\/[^\s/]/;
const PEM = '-----BEGIN CERTIFICATE-----';

/** A status or a range of them. */
const StatusRange = text(3, 7, 'a status or a range of them such as 200-299, 404', {
  holds: (value) => {
    const [, from, to = from] = STATUS_RANGE.exec(value) ?? [];
    return from !== undefined && to !== undefined && from <= to;
  },
  cel: (self) =>
    `${self}.matches(${celPattern(STATUS_RANGE)}) && ${self}.substring(0, 3) <= ${self}.substring(size(${self}) - 3)`,
});

const HostName = text(
  1,
  253,
  'a host name such as tracking-api.ingest',
  matching(/^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?\.?$/),
);

/** An address of four numbers, or of hexadecimal ones; not those that stand for an address of the other kind. */
const IpAddress = text(2, 45, 'an IP address such as 10.0.0.7', {
  holds: (value) => isIP(value) !== 0 && !/[%]|:.*[.]/.test(value),
  cel: (self) => `isIP(${self})`,
});

const HttpUrl: Check = {
  holds: (value) => HTTP_URL.test(value) && URL.canParse(value),
  cel: (self) => `${self}.matches(${celPattern(HTTP_URL)}) && isURL(${self})`,
};

const Tls = fields({
  ca: privateText(65_536, 'certificates in PEM form (-----BEGIN CERTIFICATE-----)', {
    holds: (value) => value.includes(PEM),
    cel: (self) => `${self}.contains('${PEM}')`,
  }).optional(),
  serverName: HostName.optional(),
  insecure: flag().default(false),
});

/** Options of HTTP. */
export const Http = fields({
  timeout: duration('1ms', '1h').default('5s'),
  connections: integer(1, 65_536).default(256),
  success: list(StatusRange, 'statuses', 1, 16).default(['200-299']),
  redirects: integer(0, 20).default(0),
  keepAlive: flag().default(true),
  tls: Tls.optional(),
  http2: flag().default(false),
  proxy: privateText(2048, 'a URL such as http://proxy.example:3128', HttpUrl).optional(),
  resolve: map(HostName, IpAddress, 'host names with their addresses', 16).optional(),
});

/** What Kafka and NSQ have in common. @param linger how long a message waits for others, where nothing is said */
function messages(linger: string) {
  return {
    timeout: duration('1ms', '1h').default('5s'),
    inFlight: integer(1, 1_000_000).default(10_000),
    linger: duration('0s', '1m').default(linger),
    batchMessages: integer(1, 100_000).default(500),
    batchBytes: integer(1, 104_857_600).default(262_144),
    tls: Tls.optional(),
  };
}

/** Who a client is, from a Secret with the keys `username` and `password`. */
const Sasl = fields({
  mechanism: choice('Plain', 'ScramSha256', 'ScramSha512').default('Plain'),
  credentials: fields({ secretName: objectName() }),
});

/** Options of Kafka. */
export const Kafka = fields({
  ...messages('5ms'),
  acks: choice('All', 'Leader').default('All'),
  compression: choice('None', 'Gzip', 'Zstd').default('None'),
  idempotent: flag().default(false),
  clientId: text(1, 249).default('taz'),
  sasl: Sasl.optional(),
});

/** Options of NSQ. */
export const Nsq = fields({
  ...messages('1ms'),
  auth: fields({ secretKeyRef: KeyReference }).optional(),
});
