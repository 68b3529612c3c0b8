import { shown } from '../units/shown.ts';
import { TargetError } from './target-error.ts';

/** `host:port`; the host is a name, an IPv4 address, or an IPv6 address in brackets. */
const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9.])?)):([0-9]{1,5})$/;

export interface Address {
  host: string;
  port: number;
}

/** More than a test has; what a template makes up beyond them costs time, not memory. */
const MAX_KNOWN = 1024;

/** Checks `host:port` texts, and remembers those that were right. */
export class AddressCheck {
  readonly #most: number;
  readonly #known = new Set<string>();

  /** @param most how many addresses one text may hold, joined by commas */
  constructor(most: number) {
    this.#most = most;
  }

  /** The text itself. @throws TargetError that says what is wrong */
  check(addr: unknown): string {
    if (typeof addr === 'string' && this.#known.has(addr)) return addr;
    const example = this.#most === 1 ? '"127.0.0.1:4150"' : '"127.0.0.1:9092"';
    if (addr === undefined || addr === null || addr === '') {
      throw new TargetError(`addr is missing: write ${example}`);
    }
    if (typeof addr !== 'string') {
      throw new TargetError(
        `addr is no text but ${shown(JSON.stringify(addr))}: write a string such as ${example}`,
      );
    }
    const parts = addr.split(',');
    if (parts.length > this.#most) {
      throw new TargetError(
        `addr ${shown(addr)} holds ${parts.length} addresses: write at most ${this.#most}`,
      );
    }
    for (const part of parts) {
      if (parseAddress(part) === null) {
        throw new TargetError(`addr ${shown(part)} is not host:port: write one such as ${example}`);
      }
    }
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.add(addr);
    return addr;
  }
}

/** null for what is not `host:port`. */
export function parseAddress(text: string): Address | null {
  const [, ipv6, name, digits] = ADDRESS.exec(text) ?? [];
  const host = ipv6 ?? name;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port };
}
