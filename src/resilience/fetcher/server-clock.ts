/** Seconds of answers that are remembered; the estimate is as narrow as they allow. */
const KEPT = 64;
/** A `Date` header has whole seconds: the time it was written at lies within one of them. */
const RESOLUTION_MS = 1_000;

/** How far a server's clock is ahead of ours. */
export interface ServerClockOffset {
  /** Milliseconds; positive when the server is ahead. */
  readonly offsetMs: number;
  /** The true offset is at most so far from it, as long as neither clock was set meanwhile. */
  readonly uncertaintyMs: number;
}

/** What all answers with one `Date` allow. */
interface Bounds {
  readonly dateMs: number;
  lowMs: number;
  highMs: number;
}

/**
 * Estimates a server's clock from the `Date` headers of its answers, by Marzullo's idea of intersecting intervals: the
 * header was written between the sending of the request and the receipt of the answer, so that the offset lies between
 * `date - received` and `date + 1 s - sent`. What all recent answers allow is narrower than what one does. An answer that
 * contradicts them means that a clock was set: the estimate starts anew with it.
 */
export class ServerClock {
  #recent: Bounds[] = [];
  #now: Pick<Bounds, 'lowMs' | 'highMs'> | undefined;

  /**
   * @param dateMs the header, wall time of the server in milliseconds
   * @param sentMs when the request was sent, wall time of ours
   * @param receivedMs when the headers of its answer were there, wall time of ours
   */
  observe(dateMs: number, sentMs: number, receivedMs: number): void {
    const lowMs = dateMs - receivedMs;
    const highMs = dateMs + RESOLUTION_MS - sentMs;
    if (!(lowMs <= highMs)) return; // our own clock was set between the two
    const last = this.#recent.at(-1);
    if (last?.dateMs === dateMs) {
      if (lowMs <= last.lowMs && highMs >= last.highMs) return; // it tells nothing new
      last.lowMs = Math.max(last.lowMs, lowMs);
      last.highMs = Math.min(last.highMs, highMs);
    } else {
      this.#recent.push({ dateMs, lowMs, highMs });
      if (this.#recent.length > KEPT) this.#recent.shift();
    }
    this.#now = intersection(this.#recent);
    if (this.#now !== undefined) return;
    this.#now = { lowMs, highMs };
    this.#recent = [{ dateMs, lowMs, highMs }];
  }

  /** Undefined before the first answer with a `Date`. */
  get offset(): ServerClockOffset | undefined {
    if (this.#now === undefined) return undefined;
    const { lowMs, highMs } = this.#now;
    return { offsetMs: (lowMs + highMs) / 2, uncertaintyMs: (highMs - lowMs) / 2 };
  }
}

function intersection(all: readonly Bounds[]): Pick<Bounds, 'lowMs' | 'highMs'> | undefined {
  let lowMs = -Infinity;
  let highMs = Infinity;
  for (const bounds of all) {
    lowMs = Math.max(lowMs, bounds.lowMs);
    highMs = Math.min(highMs, bounds.highMs);
  }
  return lowMs <= highMs ? { lowMs, highMs } : undefined;
}
