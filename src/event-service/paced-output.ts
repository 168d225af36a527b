import { Readable } from 'node:stream';
import type { Clock } from '../core/clock.ts';

export interface PaceLimits {
  /** Bytes that may wait for the reader. */
  readonly maxBufferedBytes: number;
  /** How long the reader may leave it full. */
  readonly stallMs: number;
}

/** Text for one reader at its pace, with a bound on what waits for it and on how long. */
export class PacedOutput {
  /** What is sent. */
  readonly stream: Readable;
  readonly #limits: PaceLimits;
  readonly #clock: Pick<Clock, 'deadline'>;
  readonly #onSlow: () => void;
  #room: PromiseWithResolvers<void> | undefined;
  #late: Disposable | undefined;

  /** @param onSlow called once the reader has left the buffer full for too long */
  constructor(limits: PaceLimits, clock: Pick<Clock, 'deadline'>, onSlow: () => void) {
    this.#limits = limits;
    this.#clock = clock;
    this.#onSlow = onSlow;
    this.stream = new Readable({
      highWaterMark: limits.maxBufferedBytes,
      read: () => {
        this.#letGo();
      },
    });
  }

  /** Whether the next `write` would have to wait. */
  get isFull(): boolean {
    return this.#room !== undefined;
  }

  /** Writes what stays below the bound or is the first above it; gives what to wait for before the next, if anything. */
  write(text: string): Promise<void> | undefined {
    if (this.stream.destroyed || this.stream.push(text)) return undefined;
    if (this.#room === undefined) {
      this.#room = Promise.withResolvers();
      this.#late = this.#clock.deadline(this.#limits.stallMs, this.#onSlow);
    }
    return this.#room.promise;
  }

  /** Resolves when there is room, at once where there is. */
  get room(): Promise<void> | undefined {
    return this.#room?.promise;
  }

  /** Ends when all that waits has been read. */
  end(): void {
    this.#letGo();
    if (!this.stream.destroyed) this.stream.push(null);
  }

  /** Gives up on what waits. */
  cut(): void {
    this.#letGo();
    this.stream.destroy();
  }

  #letGo(): void {
    this.#late?.[Symbol.dispose]();
    this.#late = undefined;
    this.#room?.resolve();
    this.#room = undefined;
  }
}
