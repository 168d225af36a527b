import type { Clock } from '../../core/clock.ts';
import { onDispose } from '../../core/clock.ts';
import { PaperLanes } from './paper-lanes.ts';
import type { LatencyLeg, PaperLatency } from './paper-latency.ts';
import type { VenueEvent } from '../venue/venue-driver.ts';

/** How the venue answers a request. Either arrives one report latency later; only the first counts. */
export interface Answer<T> {
  /** @param late what is told instead when whoever asked has stopped waiting */
  resolve(value: T, late?: VenueEvent): void;
  reject(error: Error): void;
}

/** How a request goes, and the order that it is about; a question goes by itself. */
export interface Way {
  readonly leg: LatencyLeg;
  readonly orderId?: string;
}

/**
 * The way to a paper venue and back: everything takes its latency, measured by the clock. Requests about one order arrive
 * in the order in which they were sent, and so do reports of one order, answers included. What the venue tells after an
 * answer waits until whoever asked has had a turn to take the answer in.
 */
export class PaperWire {
  readonly #clock: Clock;
  readonly #latency: PaperLatency;
  readonly #there: PaperLanes;
  readonly #back: PaperLanes;
  readonly #listeners = new Set<(event: VenueEvent) => void>();
  /** Events that wait for an answer to be taken in first. */
  readonly #inbox: { readonly event: VenueEvent; readonly afterAnswer: number }[] = [];
  #answered = 0;
  #takenIn = 0;

  constructor(clock: Clock, latency: PaperLatency) {
    this.#clock = clock;
    this.#latency = latency;
    this.#there = new PaperLanes(clock);
    this.#back = new PaperLanes(clock);
  }

  /** Carries a request to the venue. The wait ends with the answer or with the signal; the request goes on regardless. */
  request<T>({ leg, orderId }: Way, signal: AbortSignal, arrive: (answer: Answer<T>) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let waiting = !signal.aborted;
      const stop = (): void => {
        waiting = false;
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
      };
      if (!waiting) {
        stop();
        return;
      }
      signal.addEventListener('abort', stop, { once: true });
      const settle = (act: () => void, late?: VenueEvent): void => {
        signal.removeEventListener('abort', stop);
        if (waiting) act();
        else if (late !== undefined) this.#receive(late);
        waiting = false;
      };
      this.#there.send(this.#latency.next(leg), orderId, () => {
        arrive({
          resolve: (value, late) => {
            this.#answer(orderId, () => {
              settle(() => {
                resolve(value);
              }, late);
            });
          },
          reject: (error) => {
            this.#answer(orderId, () => {
              settle(() => {
                reject(error);
              });
            });
          },
        });
      });
    });
  }

  /** Tells an event, one report latency from now. */
  tell(event: VenueEvent): void {
    this.#report('clientOrderId' in event ? event.clientOrderId : undefined, () => {
      this.#receive(event);
    });
  }

  onEvent(listener: (event: VenueEvent) => void): Disposable {
    // An entry of its own, so that one function can listen twice.
    const entry = (event: VenueEvent): void => {
      listener(event);
    };
    this.#listeners.add(entry);
    return onDispose(() => this.#listeners.delete(entry));
  }

  #report(orderId: string | undefined, arrive: () => void): void {
    this.#back.send(this.#latency.next('report'), orderId, arrive);
  }

  #answer(orderId: string | undefined, give: () => void): void {
    this.#report(orderId, () => {
      give();
      this.#answered += 1;
      const answer = this.#answered;
      void this.#clock.turn().then(() => {
        this.#takenIn = answer;
        this.#flush();
      });
    });
  }

  #receive(event: VenueEvent): void {
    this.#inbox.push({ event, afterAnswer: this.#answered });
    this.#flush();
  }

  #flush(): void {
    for (let next = this.#inbox[0]; next !== undefined; next = this.#inbox[0]) {
      if (next.afterAnswer > this.#takenIn) return;
      this.#inbox.shift();
      for (const listener of this.#listeners) listener(next.event);
    }
  }
}
