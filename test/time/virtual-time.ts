import { mock } from 'node:test';
import { FakeClock } from '../attack/fake-clock.ts';

/** A clock and timers that move only when they are told to. */
export class VirtualTime {
  readonly clock = new FakeClock(1000);

  constructor() {
    mock.timers.enable({ apis: ['setTimeout'] });
  }

  /** Must be called when a test is done with it. */
  dispose(): void {
    mock.timers.reset();
  }

  /** Goes on in steps of at most `stepMs`; after each, everything that waits for nothing else has its turn. */
  async advance(ms: number, stepMs = 100): Promise<void> {
    await this.settle();
    for (let left = ms; left > 0; left -= stepMs) {
      const by = Math.min(stepMs, left);
      this.clock.by(by);
      mock.timers.tick(by);
      await this.settle();
    }
  }

  async settle(): Promise<void> {
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
  }
}
