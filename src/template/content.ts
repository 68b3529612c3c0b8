/**
 * Everything lanes need to make targets: loaded once by the coordinator's side, sent to workers as JSON, never changed.
 * Another content has another digest.
 */
export type Content = TemplateContent | CannedContent;

interface CommonContent {
  /**
   * SHA-256 in hex over all the rest; values of secrets go in under a random key: that of the process that made it, or
   * of the run. So it is the same in every run only where there are no secrets.
   */
  digest: string;
  /**
   * Names under which targets are counted; a targeter's `label` is an index into it. At most `MAX_LABELS`, the last of
   * which is then `other`.
   */
  labels: string[];
  /** `it.NAME` in templates. */
  variables: Record<string, string | string[]>;
  /** Names of the variables whose values must not be shown or written anywhere. */
  secrets: string[];
  /**
   * Of secrets that each worker finds beside it, by variable: where. Such content travels without their values, see
   * `sealContent`. Empty on one machine.
   */
  secretRefs: Record<string, SecretRef>;
}

/** Where the value of a variable stands. */
export interface SecretRef {
  /** Of the Secret. */
  name: string;
  key: string;
  /** What only the right value leads to, and what does not lead to it; empty while the value stands in `variables`. */
  proof: string;
}

export interface TemplateContent extends CommonContent {
  kind: 'templates';
  /** The template that renders each target. */
  entry: string;
  /** Name to text. */
  files: Record<string, string>;
  events: EventOptions;
}

/** A canned sequence of targets: the files' lines, one after another in the order given. */
export interface CannedContent extends CommonContent {
  kind: 'targets';
  /** `path`: a file on this machine, streamed; `text`: the lines themselves. */
  files: ({ name: string; path: string } | { name: string; text: string })[];
  /** How many targets all files hold together. */
  count: number;
  loop: boolean;
}

export interface EventOptions {
  /** Chance, 0–1, that the last event of its type is sent again under a fresh id. */
  reuse: number;
  /** Chance, 0–1, that it is sent again as it was. */
  duplicates: number;
  /** Top-level field of an event that holds its id. */
  idField: string;
  /** Makes the data repeatable; null: another at each run. */
  seed: string | null;
  /** How many synthetic profiles the whole run keeps. */
  profiles: number;
  /** How many values are made in advance for each kind of fake data. */
  pool: number;
}

export const MAX_LABELS = 32;

/** Which of the run's lanes a targeter serves: what its random stream is derived from, besides the seed. */
export interface LaneIdentity {
  /** 0, 1, … over all lanes of all workers of the run. */
  lane: number;
  /** How many lanes the run has. */
  lanes: number;
  /** How often the worker of that index has been replaced in this run. */
  replacement: number;
}
