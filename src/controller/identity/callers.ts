import type { Logger } from 'pino';
import type { Clock } from '../../attack/clock.ts';
import type { Caller } from '../../coordinator/caller.ts';
import { NotServing } from '../../coordinator/not-serving.ts';
import type { Connection } from '../../kube/connection.ts';
import type { Pod } from '../../kube/resources.ts';
import { TokenBucket } from '../../kube/token-bucket.ts';
import { ownerKeyOf } from '../children/owner.ts';
import { AUDIENCE } from '../pods/worker-pod.ts';
import type { ScopedStore } from '../scoped-store.ts';
import { PodTokens, TokenError } from './pod-token.ts';

/** How many refused calls are told of, a second. */
const REFUSALS_TOLD = 0.1;

/** A run, as far as its workers ask for it. */
export interface CalledRun {
  /** null: the pod is of no worker of this run. */
  callerOf(podUid: string): Caller | null;
}

/** The runs that go on in this process. */
export interface CalledRuns {
  /** The run of that test; null: none goes on. @param key `namespace/name` */
  runOf(key: string): CalledRun | null;
  /** All of them, also those of tests that are gone. */
  runs(): Iterable<CalledRun>;
}

export interface CallersOptions {
  /** Keys that tokens are verified by come from there. */
  connection: Connection;
  clock: Clock;
  log: Logger;
  pods: Pick<ScopedStore<Pod>, 'get'>;
  runs: CalledRuns;
}

/** Tells by their tokens which workers call. */
export class Callers {
  readonly #options: CallersOptions;
  readonly #tokens: PodTokens;
  /** What lines about calls that are refused are taken from. */
  readonly #refusals: TokenBucket;

  constructor(options: CallersOptions) {
    const { connection, clock } = options;
    this.#options = options;
    this.#tokens = new PodTokens({ connection, clock, audience: AUDIENCE });
    this.#refusals = new TokenBucket(clock, REFUSALS_TOLD, 10);
  }

  /**
   * @param authorization the header of that name
   * @returns null: nobody that is known here
   * @throws NotServing where the run of that pod has not been taken over yet
   */
  async of(authorization: string): Promise<Caller | null> {
    try {
      return this.#callerOf(await this.#tokens.verify(authorization.replace(/^Bearer /, '')));
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      // Anybody can call.
      if (this.#refusals.take())
        this.#options.log.warn({ reason: error.message }, 'a call to the coordinator was refused');
      return null;
    }
  }

  #callerOf({ namespace, pod, podUid }: Awaited<ReturnType<PodTokens['verify']>>): Caller | null {
    const { pods, runs } = this.#options;
    const shown = pods.get(`${namespace}/${pod}`);
    const test = shown === undefined ? null : ownerKeyOf(shown.metadata);
    const caller = test === null ? null : (runs.runOf(test)?.callerOf(podUid) ?? null);
    if (caller !== null) return caller;
    // A pod that was made just now, or of a test that is gone.
    for (const run of runs.runs()) {
      const other = run.callerOf(podUid);
      if (other !== null) return other;
    }
    // One that no test owns only looks like a worker.
    if (test !== null && shown?.metadata.uid === podUid) throw new NotServing();
    return null;
  }
}
