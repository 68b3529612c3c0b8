import type { Logger } from 'pino';
import type { Clock } from '../attack/clock.ts';
import type { Client } from '../kube/client.ts';
import type { EventRecorder } from '../kube/event-recorder.ts';
import type { TokenBucket } from '../kube/token-bucket.ts';
import type { Rational } from '../units/rational.ts';
import type { ClusterRun } from './cluster-run.ts';
import type { ClusterRuns } from './cluster-runs.ts';
import type { Ended } from './ended.ts';
import type { ControllerMetrics } from './metrics.ts';
import type { Settings } from './settings.ts';
import type { Strangers } from './strangers.ts';

/** What an earlier process has left of a test. */
export type Left = { kind: 'running'; run: ClusterRun } | { kind: 'ended'; ended: Ended };

/** What all tests of a controller share, and what is done for them in the cluster. */
export interface TestWorld {
  clock: Clock;
  client: Client;
  log: Logger;
  events: EventRecorder;
  metrics: ControllerMetrics;
  /** What writes of mere figures are taken from. */
  statusBudget: TokenBucket;
  /** Whether this process leads, by the clock: another may have written since. */
  leads(): boolean;
  settings(): Settings;
  /** The highest rates of all other tests that send, or are about to. */
  ratesBeside(key: string): Rational[];
  /** A test needs a look now. */
  again(key: string): void;
  runs: ClusterRuns;
  strangers: Strangers;
}
