/** A message, as far as batches look into it. */
export interface Message {
  readonly value: Buffer;
  readonly key?: Buffer | null;
}

/**
 * Messages that share a fate: they wait for the same thing, or are on their way as one. A message is in one batch at most;
 * one that was given up leaves a gap.
 */
export class Batch<T extends Message = Message> {
  /** Slot of each message, -1 for a gap. */
  readonly slots: number[] = [];
  readonly targets: (T | null)[] = [];
  /** When each came in, in ms since 1970. */
  readonly times: number[] = [];
  /** Messages that are no gaps. */
  live = 0;
  /** Of keys and values. */
  bytes = 0;
  /** It has gone out. */
  sent = false;

  /** @returns the index of the message in it */
  add(slot: number, target: T, time: number): number {
    this.slots.push(slot);
    this.targets.push(target);
    this.times.push(time);
    this.live++;
    this.bytes += sizeOf(target);
    return this.slots.length - 1;
  }

  /** Leaves a gap. */
  remove(index: number): void {
    const target = this.targets[index];
    if (target) this.bytes -= sizeOf(target);
    this.slots[index] = -1;
    this.targets[index] = null;
    this.live--;
  }

  /** It has gone out: lets go of the messages; the slots stay, for the answer. */
  markSent(): void {
    this.sent = true;
    this.targets.length = 0;
    this.times.length = 0;
  }
}

export function sizeOf({ key, value }: Message): number {
  return value.length + (key?.length ?? 0);
}
