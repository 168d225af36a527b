/** Far more than a venue counts in a day, far less than a mistake of one digit at the front. */
const MOST_AHEAD = 1e9;
/** Leaves room for ids that are moved over others, see `DiffChain`. */
const HIGHEST = 2 ** 50;

/**
 * Tells ids that cannot be from those of a book: whoever followed one would take all that come after it for old. An id may lie
 * at most 1e9 beyond the one before it, unless another has come just before that jumped as far: then the venue counts so now.
 * Ids may go back, as the venue may count anew.
 */
export class PlausibleIds {
  #last = NaN;
  #doubtful = NaN;

  /** @returns what is wrong with the ids of an event, from first to last */
  flaw(first: number, last: number): string | undefined {
    if (!(last <= HIGHEST && last - first <= MOST_AHEAD)) return `an id of ${last} cannot be`;
    const isAhead = last - this.#last > MOST_AHEAD; // not before there is one
    const sinceDoubtful = last - this.#doubtful;
    if (isAhead && !(sinceDoubtful > 0 && sinceDoubtful <= MOST_AHEAD)) {
      this.#doubtful = last;
      return `an id of ${last} cannot come after ${this.#last}`;
    }
    this.#last = last;
    this.#doubtful = NaN;
    return undefined;
  }
}
