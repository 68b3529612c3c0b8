import { shown } from '../units/shown.ts';
import { parseAddress } from './address.ts';
import { TargetError } from './target-error.ts';

/** A host, `*.` and the end of hosts, or an IP address; with a port or without. */
const PATTERN = /^(?:(\*\.)?([a-z0-9_](?:[-a-z0-9_.]*[a-z0-9_])?)|\[([0-9a-f:.]+)\])(?::([0-9]{1,5}))?$/;

/** More origins and addresses than a test has; what a template makes up beyond them costs time, not memory. */
const MOST_KNOWN = 4096;

interface Pattern {
  /** Small letters; behind `*.` where `isEnd`. */
  host: string;
  /** Any host that ends with a dot and this. */
  isEnd: boolean;
  /** null: any. */
  port: number | null;
}

/**
 * The hosts that may be sent to: `api.ingest.svc`, `*.ingest.svc` (any host below it, not itself), `10.0.0.1`, `[fd00::1]`,
 * each also with a port, `api.ingest.svc:8080`. Upper and lower case are the same. Without any pattern every host may be.
 */
export class AllowedHosts {
  readonly #texts: readonly string[];
  readonly #patterns: readonly Pattern[];
  readonly #allowed = new Set<string>();

  /** @throws RangeError for a text that is no such pattern */
  constructor(patterns: readonly string[]) {
    this.#texts = patterns;
    this.#patterns = patterns.map(readPattern);
  }

  /** Whether every host may be sent to. */
  get all(): boolean {
    return this.#patterns.length === 0;
  }

  /**
   * Why a host may not be sent to, in words; null: it may.
   * @param host as URLs and addresses have it, an IPv6 address with or without brackets
   */
  refusal(host: string, port: number): string | null {
    const name = host
      .toLowerCase()
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '');
    if (this.all || this.#patterns.some((pattern) => fits(pattern, name, port))) return null;
    const place = shown(`${host}:${port}`);
    return `host ${place} is not among the hosts that this cluster allows: ${this.#texts.join(', ')}`;
  }

  /** @param origin such as `http://127.0.0.1:8080`, of a URL @throws TargetError where it may not be sent to */
  checkOrigin(origin: string): void {
    const refusal = this.refusalOf(origin);
    if (refusal !== null) throw new TargetError(refusal);
  }

  /** As `refusal`. @param origin such as `http://127.0.0.1:8080`, of a URL */
  refusalOf(origin: string): string | null {
    if (this.all || this.#allowed.has(origin)) return null;
    const { hostname, port, protocol } = new URL(origin);
    const refusal = this.refusal(hostname, Number(port) || (protocol === 'https:' ? 443 : 80));
    if (refusal === null) this.#remember(origin);
    return refusal;
  }

  /** @param addr `host:port`, or several joined by commas @throws TargetError where one may not be sent to */
  checkAddress(addr: string): void {
    if (this.#allowed.has(addr)) return;
    for (const part of addr.split(',')) {
      const address = parseAddress(part);
      const refusal = address && this.refusal(address.host, address.port);
      if (refusal !== null) throw new TargetError(refusal);
    }
    this.#remember(addr);
  }

  #remember(place: string): void {
    if (this.#allowed.size >= MOST_KNOWN) this.#allowed.clear();
    this.#allowed.add(place);
  }
}

export const ANY_HOST: AllowedHosts = new AllowedHosts([]);

/** The patterns in a text: between commas, white space and line ends. */
export function splitPatterns(text: string): string[] {
  return text.split(/[\s,]+/).filter((pattern) => pattern !== '');
}

function readPattern(text: string): Pattern {
  const [whole, any, name, ipv6, digits] = PATTERN.exec(text.toLowerCase()) ?? [];
  const port = digits === undefined ? null : Number(digits);
  if (whole === undefined || port === 0 || (port ?? 0) > 65_535) {
    const examples = '"api.ingest.svc", "*.ingest.svc" or "api.ingest.svc:8080"';
    throw new RangeError(`${shown(text)} is not a host, such as ${examples}`);
  }
  return { host: (name ?? ipv6)!, isEnd: any !== undefined, port };
}

function fits({ host, isEnd, port }: Pattern, name: string, at: number): boolean {
  return (port === null || port === at) && (isEnd ? name.endsWith(`.${host}`) : name === host);
}
