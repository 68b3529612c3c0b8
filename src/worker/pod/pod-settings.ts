import { AllowedHosts, splitPatterns } from '../../target/allowed-hosts.ts';
import { parseRate } from '../../units/rate.ts';
import type { Rational } from '../../units/rational.ts';
import { shown } from '../../units/shown.ts';
import type { Limits } from '../limits.ts';

/** What a pod tells its worker, by its environment. */
export interface PodSettings {
  /** Base address of the coordinator. */
  coordinator: string;
  run: string;
  index: number;
  replacement: number;
  metricsPort: number;
  limits: Limits;
  /** Folder with `coordinator/token`, `coordinator/ca.crt` and `secrets/NAME/KEY`. */
  files: string;
  /** File in which Kubernetes looks for why a container has ended. */
  terminationLog: string;
  /** The pod's own name; empty where it is not told. */
  pod: string;
}

/** An environment that no worker can work with. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  /** One for each variable. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      'the environment says not what taz worker is to do: the controller sets it in the pods that it makes',
    );
    this.problems = problems;
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws SettingsError naming each variable that is missing or wrong, with its value and what would be right */
export function readPodSettings(env: Environment): PodSettings {
  const problems: string[] = [];
  const read = <T>(name: string, fallback: string | null, parse: (text: string) => T): T => {
    const text = env[name] || fallback;
    try {
      if (text !== null) return parse(text);
      problems.push(`${name} is not set`);
    } catch (error) {
      problems.push(`${name}: ${(error as Error).message}`);
    }
    return undefined as T;
  };
  const settings = {
    coordinator: read('TAZ_COORDINATOR', null, address),
    run: read('TAZ_RUN', null, String),
    index: read('TAZ_INDEX', null, wholeNumber(1_000_000)),
    replacement: read('TAZ_REPLACEMENT', '0', wholeNumber(1_000_000)),
    metricsPort: read('TAZ_METRICS_PORT', '9090', wholeNumber(65_535)),
    limits: {
      maxRate: read<Rational | null>('TAZ_MAX_RATE', '', (text) => (text === '' ? null : parseRate(text))),
      allowedHosts: read('TAZ_ALLOWED_HOSTS', '', hosts),
    },
    files: read('TAZ_FILES', '/var/run/taz', String),
    terminationLog: read('TAZ_TERMINATION_LOG', '/dev/termination-log', String),
    pod: read('POD_NAME', '', String),
  };
  if (problems.length > 0) throw new SettingsError(problems);
  return settings;
}

function address(text: string): string {
  const url = URL.parse(text);
  const isBase = url !== null && url.protocol === 'https:' && url.pathname === '/' && url.search === '';
  if (!isBase)
    throw new RangeError(`${shown(text)} is no address such as https://taz-coordinator.taz.svc:8443`);
  return url.origin;
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    if (/^[0-9]{1,9}$/.test(text) && Number(text) <= most) return Number(text);
    throw new RangeError(`${shown(text)} is no whole number from 0 to ${most}`);
  };
}

function hosts(text: string): string[] {
  const patterns = splitPatterns(text);
  new AllowedHosts(patterns);
  return patterns;
}
