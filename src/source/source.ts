import type { Surroundings } from './surroundings.ts';

/** A file of a source: its text, or where it lies on this machine. */
export type SourceFile = { name: string; text: string } | { name: string; path: string };

/** What a source held at one instant. */
export interface View {
  /** In order of name, no name twice. */
  readonly files: readonly SourceFile[];
}

/** How a source gives its files, and how much it may hold. */
export interface SourceForm {
  /** `texts`: read into memory, as templates are. `files`: left where they lie, or fetched to this machine's disk. */
  as: 'texts' | 'files';
  maxFiles: number;
  /** Of all files together. What already lies on this machine as a file is not counted. */
  maxBytes: number;
  /** What there may be that much of, and what to do with more, as in `templates may have 5 MiB`. */
  what: string;
  advice: string;
}

/**
 * Where files come from: the manifest, a ConfigMap, a folder, a bucket. It is looked at from time to time, one look
 * after another.
 */
export interface Source {
  /**
   * One look. It gives the very same view as the look before while nothing has changed, at little cost. Else all files as
   * they stood together at one instant: what changes while it is read is read again, a few times.
   * @throws SourceError when it cannot be read, or does not hold still; the view before remains good
   */
  look(around: Surroundings, signal: AbortSignal): Promise<View>;
  /**
   * From now on calls `changed` soon after something may have changed. For sources that can tell: looks from time to
   * time are needed beside it.
   */
  watch?(changed: () => void): void;
  /** Only these paths, of all that earlier views gave, are still read; those of the last view may be at any time. */
  use?(paths: ReadonlySet<string>): void;
  /** Ends watching and connections, and deletes what was fetched to disk. A second time it does nothing. */
  close(): void;
}
