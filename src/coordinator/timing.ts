/** How the coordinator spends time, in ms. */
export interface Timing {
  /** How long a call is held when there is nothing new. */
  holdMs: number;
  /** The same while a change is being prepared. Shorter than `fenceMs`, so that no worker ever stands at its fence. */
  holdWhileChangingMs: number;
  /** How far beyond their last answer workers go while a change is being prepared. */
  fenceMs: number;
  /** From naming an instant to it, so that every worker hears of it before. */
  marginMs: number;
  /** From the barrier to the start. */
  leadMs: number;
  /** How often leases and deadlines are looked at. */
  reviewMs: number;
}

export const TIMING: Timing = {
  holdMs: 500,
  holdWhileChangingMs: 100,
  fenceMs: 500,
  marginMs: 50,
  leadMs: 250,
  reviewMs: 50,
};

/** How long stopped or finished workers may take to give their last word, in ms. */
export const LAST_WORD_MS = 5000;
/** How long processes of which nobody waits for a word may take to end, before they are killed, in ms. */
export const KILL_AFTER_MS = 2000;
