import type { Clock } from '../core/clock.ts';
import { onDispose } from '../core/clock.ts';
import type { VenueEvent } from './venue-driver.ts';

/** How the venue answers a request. Either arrives one latency later; only the first counts. */
export interface Answer<T> {
  /** @param late what is told instead when whoever asked has stopped waiting */
  resolve(value: T, late?: VenueEvent): void;
  reject(error: Error): void;
}

/**
 * The way to a paper venue and back: everything takes `latencyMs`, measured by the clock, and arrives in the order in
 * which it was sent. What the venue tells after an answer waits until whoever asked has had a turn to take the answer in.
 */
export class PaperWire {
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #listeners = new Set<(event: VenueEvent) => void>();
  /** Events that wait for an answer to be taken in first. */
  readonly #inbox: { readonly event: VenueEvent; readonly afterAnswer: number }[] = [];
  #answered = 0;
  #takenIn = 0;

  constructor(clock: Clock, latencyMs: number) {
    this.#clock = clock;
    this.#latencyMs = latencyMs;
  }

  /** Carries a request to the venue. The wait ends with the answer or with the signal; the request goes on regardless. */
  request<T>(signal: AbortSignal, arrive: (answer: Answer<T>) => void): Promise<T> {
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
      this.#later(() => {
        arrive({
          resolve: (value, late) => {
            this.#answer(() => {
              settle(() => {
                resolve(value);
              }, late);
            });
          },
          reject: (error) => {
            this.#answer(() => {
              settle(() => {
                reject(error);
              });
            });
          },
        });
      });
    });
  }

  /** Tells an event, one latency from now. */
  tell(event: VenueEvent): void {
    this.#later(() => {
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

  #later(act: () => void): void {
    this.#clock.deadline(this.#latencyMs, act);
  }

  #answer(give: () => void): void {
    this.#later(() => {
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
