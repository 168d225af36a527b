import type { Clock } from '../../core/clock.ts';
import { PortcullisError } from '../../core/errors.ts';
import type { BusEvent } from '../bus-event.ts';
import type { PublishReceipt } from '../event-bus.ts';
import { Fifo } from '../fifo.ts';

/** A publication that waits for room. */
export interface BlockedPublication {
  readonly event: BusEvent;
  readonly isGiven: boolean;
  resolve(receipt: Promise<PublishReceipt>): void;
}

interface Blocked extends BlockedPublication {
  readonly dueMs: number;
  readonly reject: (reason: PortcullisError) => void;
}

export interface BlockedPublicationsDeps {
  readonly clock: Pick<Clock, 'monotonicMs' | 'deadline'>;
  /** How long each waits at most. */
  readonly timeoutMs: number;
  /** Why there is no room. */
  readonly because: () => string;
  /** So many have been given up. */
  readonly onLate: (publications: number) => void;
}

/** Publications that wait for room in a topic, first come first served, each for so long. */
export class BlockedPublications {
  readonly #deps: BlockedPublicationsDeps;
  readonly #line = new Fifo<Blocked>();
  #timer: Disposable | undefined;

  constructor(deps: BlockedPublicationsDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#line.size;
  }

  wait(event: BusEvent, isGiven: boolean): Promise<PublishReceipt> {
    const { clock, timeoutMs } = this.#deps;
    return new Promise((resolve, reject) => {
      this.#line.push({ event, isGiven, resolve, reject, dueMs: clock.monotonicMs() + timeoutMs });
      this.#arm();
    });
  }

  /** Lets in the one that has waited longest. */
  shift(): BlockedPublication | undefined {
    const first = this.#line.shift();
    if (this.size === 0) this.#disarm();
    return first;
  }

  /** Refuses all. @returns how many */
  refuse(reason: PortcullisError): number {
    const refused = this.size;
    for (let next = this.#line.shift(); next !== undefined; next = this.#line.shift()) next.reject(reason);
    this.#disarm();
    return refused;
  }

  #arm(): void {
    const first = this.#line.peek();
    if (this.#timer !== undefined || first === undefined) return;
    const { clock } = this.#deps;
    this.#timer = clock.deadline(Math.max(1, first.dueMs - clock.monotonicMs()), () => {
      this.#timer = undefined;
      this.#refuseLate();
      this.#arm();
    });
  }

  #refuseLate(): void {
    const { clock, timeoutMs, because, onLate } = this.#deps;
    const nowMs = clock.monotonicMs();
    let late = 0;
    for (
      let first = this.#line.peek();
      first !== undefined && first.dueMs <= nowMs;
      first = this.#line.peek()
    ) {
      this.#line.shift();
      late += 1;
      first.reject(
        new PortcullisError('BUS_UNAVAILABLE', `publish: no room within ${timeoutMs} ms: ${because()}`),
      );
    }
    if (late > 0) onLate(late);
  }

  #disarm(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }
}
