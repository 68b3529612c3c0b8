import { isIP } from 'node:net';
import { choice, duration, fields, flag, integer, list, map, privateText, text } from './kinds.ts';

/** A status or a range of them. */
const StatusRange = text(3, 7, 'a status or a range of them such as 200-299, 404', (value) => {
  const [, from, to = from] = /^([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?$/.exec(value) ?? [];
  return from !== undefined && to !== undefined && from <= to;
});

const HostName = text(1, 253, 'a host name such as tracking-api.ingest', (value) =>
  /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?\.?$/.test(value),
);

const Tls = fields({
  ca: privateText(65_536, 'certificates in PEM form (-----BEGIN CERTIFICATE-----)', (value) =>
    value.includes('-----BEGIN CERTIFICATE-----'),
  ).optional(),
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
  proxy: privateText(2048, 'a URL such as http://proxy.example:3128', isHttpUrl).optional(),
  resolve: map(
    HostName,
    text(2, 45, 'an IP address such as 10.0.0.7', (value) => isIP(value) !== 0),
    'host names with their addresses',
    16,
  ).optional(),
});

/** Options of Kafka. */
export const Kafka = fields({
  acks: choice('All', 'Leader').default('All'),
  linger: duration('0s', '1m').default('5ms'),
});

/** Options of NSQ. */
export const Nsq = fields({
  timeout: duration('1ms', '1h').default('5s'),
});

function isHttpUrl(value: string): boolean {
  return /^https?:\/\/[^\s/]/.test(value) && URL.canParse(value);
}
