import { PortcullisError } from '../../core/errors.ts';
import type { BusEvent } from '../bus-event.ts';
import type { PublishReceipt } from '../event-bus.ts';
import { TimedLine, type TimedLineDeps } from '../timed-line.ts';

/** A publication that waits for room. */
export interface BlockedPublication {
  readonly event: BusEvent;
  readonly isGiven: boolean;
  resolve(receipt: Promise<PublishReceipt>): void;
}

interface Blocked extends BlockedPublication {
  readonly reject: (reason: PortcullisError) => void;
}

export interface BlockedPublicationsDeps extends Omit<TimedLineDeps<never>, 'onLate'> {
  /** Why there is no room. */
  readonly because: () => string;
  /** So many have been given up. */
  readonly onLate: (publications: number) => void;
}

/** Publications that wait for room in a topic, first come first served, each for so long. */
export class BlockedPublications {
  readonly #line: TimedLine<Blocked>;

  constructor({ clock, timeoutMs, because, onLate }: BlockedPublicationsDeps) {
    this.#line = new TimedLine({
      clock,
      timeoutMs,
      onLate: (late) => {
        const message = `publish: no room within ${timeoutMs} ms: ${because()}`;
        for (const { reject } of late) reject(new PortcullisError('BUS_UNAVAILABLE', message));
        onLate(late.length);
      },
    });
  }

  get size(): number {
    return this.#line.size;
  }

  wait(event: BusEvent, isGiven: boolean): Promise<PublishReceipt> {
    return new Promise((resolve, reject) => {
      this.#line.push({ event, isGiven, resolve, reject });
    });
  }

  /** Lets in the one that has waited longest. */
  shift(): BlockedPublication | undefined {
    return this.#line.shift();
  }

  /** Refuses all. @returns how many */
  refuse(reason: PortcullisError): number {
    const refused = this.#line.drain();
    for (const { reject } of refused) reject(reason);
    return refused.length;
  }
}
