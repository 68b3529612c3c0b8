import { newId, newShortId } from '../ids.ts';
import type { Random } from '../random.ts';
import type { Faker } from './faker.ts';

export type PhonyValue = string | number;

/**
 * The kinds of `phony` whose values are drawn from pools: those of the Go library of that name that templates were
 * written for, and what its users missed. Addresses of mail are of domains reserved for examples, so that nothing
 * behind the target ever writes to a person.
 */
export const POOLED_KINDS: Readonly<Record<string, (faker: Faker, random: Random) => PhonyValue>> = {
  avatar: (faker) => faker.image.avatar(),
  city: (faker) => faker.location.city(),
  color: (faker) => faker.color.human(),
  country: (faker) => faker.location.country(),
  'country.code': (faker) => faker.location.countryCode(),
  domain: (faker) => faker.internet.domainName(),
  'domain.name': (faker) => faker.internet.domainWord(),
  'domain.tld': (faker) => faker.internet.domainSuffix(),
  email: (faker) => faker.internet.exampleEmail(),
  'event.action': (_, random) => EVENT_ACTIONS[random.int(EVENT_ACTIONS.length)]!,
  'http.method': (faker) => faker.internet.httpMethod(),
  ipv4: (_, random) => publicAddress(random),
  ipv6: (faker) => faker.internet.ipv6(),
  latitude: (faker) => faker.location.latitude(),
  longitude: (faker) => faker.location.longitude(),
  mac: (faker) => faker.internet.mac(),
  name: (faker) => `${faker.person.firstName()} ${faker.person.lastName()}`,
  'name.first': (faker) => faker.person.firstName(),
  'name.last': (faker) => faker.person.lastName(),
  phone: (faker) => faker.phone.number({ style: 'international' }),
  'product.category': (faker) => faker.commerce.department(),
  'product.name': (faker) => faker.commerce.productName(),
  sentence: (faker) => faker.lorem.sentence(),
  state: (faker) => faker.location.state(),
  'state.code': (faker) => faker.location.state({ abbreviated: true }),
  timezone: (faker) => faker.location.timeZone(),
  url: (faker) => faker.internet.url(),
  'user.agent': (faker) => faker.internet.userAgent(),
  username: (faker) => faker.internet.username(),
};

/**
 * The kinds that are made anew at each call, whatever the seed: ids are unique over runs, and time goes on.
 * `unixtime` is whole seconds since 1970.
 */
export const FRESH_KINDS: Readonly<Record<string, (now: () => number) => PhonyValue>> = {
  id: () => newShortId(),
  uuid: () => newId(),
  unixtime: (now) => Math.floor(now() / 1000),
};

const EVENT_ACTIONS = [
  'Added',
  'Clicked',
  'Closed',
  'Completed',
  'Created',
  'Deleted',
  'Downloaded',
  'Invited',
  'Opened',
  'Purchased',
  'Rated',
  'Removed',
  'Reviewed',
  'Searched',
  'Shared',
  'Signed Up',
  'Started',
  'Subscribed',
  'Updated',
  'Viewed',
];

/** An address that a client on the internet could have; private, loopback, multicast and reserved blocks are left out. */
function publicAddress(random: Random): string {
  for (;;) {
    const first = 1 + random.int(223);
    const second = random.int(256);
    const reserved =
      first === 10 ||
      first === 127 ||
      (first === 100 && second >= 64 && second < 128) ||
      (first === 169 && second === 254) ||
      (first === 172 && second >= 16 && second < 32) ||
      (first === 192 && (second === 168 || second === 0)) ||
      (first === 198 && (second === 18 || second === 19));
    if (!reserved) return `${first}.${second}.${random.int(256)}.${1 + random.int(254)}`;
  }
}
