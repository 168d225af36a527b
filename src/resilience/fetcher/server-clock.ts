/** Seconds of answers that are remembered; the estimate is as narrow as they allow. */
const KEPT = 64;
/** A `Date` header has whole seconds: the time it was written at lies within one of them. */
const RESOLUTION_MS = 1_000;
/** So many answers in a row that contradict the others say that a clock was set; one may be of a proxy in between. */
const BELIEVED = 3;

/** How far a server's clock is ahead of ours. */
export interface ServerClockOffset {
  /** Milliseconds; positive when the server is ahead. */
  readonly offsetMs: number;
  /** The true offset is at most so far from it, as long as neither clock was set meanwhile. */
  readonly uncertaintyMs: number;
}

interface Bounds {
  readonly lowMs: number;
  readonly highMs: number;
}

/** What all answers with one `Date` allow. */
interface Second {
  readonly dateMs: number;
  bounds: Bounds;
}

/**
 * Estimates a server's clock from the `Date` headers of its answers, by Marzullo's idea of intersecting intervals: the
 * header was written between the sending of the request and the receipt of the answer, so that the offset lies between
 * `date - received` and `date + 1 s - sent`. What all recent answers allow is narrower than what one does. Three in a row
 * that contradict the others mean that a clock was set: the estimate starts anew with the last.
 */
export class ServerClock {
  #recent: Second[] = [];
  #all: Bounds | undefined;
  #contradictions = 0;

  /**
   * @param dateMs the header, wall time of the server in milliseconds
   * @param sentMs when the request was sent, wall time of ours
   * @param receivedMs when the headers of its answer were there, wall time of ours
   */
  observe(dateMs: number, sentMs: number, receivedMs: number): void {
    const seen = { lowMs: dateMs - receivedMs, highMs: dateMs + RESOLUTION_MS - sentMs };
    if (!isPossible(seen)) return; // our own clock was set between the two
    if (this.#all === undefined || isPossible(both(this.#all, seen))) {
      this.#contradictions = 0;
      this.#add(dateMs, seen);
      return;
    }
    this.#contradictions += 1;
    if (this.#contradictions < BELIEVED) return;
    this.#contradictions = 0;
    this.#recent = [{ dateMs, bounds: seen }];
    this.#all = seen;
  }

  /** Undefined before the first answer with a `Date`. */
  get offset(): ServerClockOffset | undefined {
    if (this.#all === undefined) return undefined;
    const { lowMs, highMs } = this.#all;
    return { offsetMs: (lowMs + highMs) / 2, uncertaintyMs: (highMs - lowMs) / 2 };
  }

  #add(dateMs: number, seen: Bounds): void {
    const last = this.#recent.at(-1);
    if (last?.dateMs === dateMs) {
      if (seen.lowMs <= last.bounds.lowMs && seen.highMs >= last.bounds.highMs) return; // it tells nothing new
      last.bounds = both(last.bounds, seen);
    } else {
      this.#recent.push({ dateMs, bounds: seen });
      if (this.#recent.length > KEPT) this.#recent.shift();
    }
    this.#all = this.#recent.map(({ bounds }) => bounds).reduce(both);
  }
}

const isPossible = ({ lowMs, highMs }: Bounds): boolean => lowMs <= highMs;

const both = (one: Bounds, other: Bounds): Bounds => ({
  lowMs: Math.max(one.lowMs, other.lowMs),
  highMs: Math.min(one.highMs, other.highMs),
});
