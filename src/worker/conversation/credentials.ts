/** How a worker and its coordinator know each other. */
export interface Credentials {
  /** Shown with each call. */
  token: string;
  /** PEM text of the authorities that the coordinator's certificate is judged by; null: the machine's own. */
  ca: string | null;
}

/** Looks them up for a call: they may change from one to the next. @throws Error in words for people */
export type LookUpCredentials = () => Promise<Credentials>;
