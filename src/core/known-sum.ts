import { ExactSum } from './exact-sum.ts';
import { type Units, units } from './units.ts';

/**
 * A sum of money of which some parts may be unknown, or beyond what can be counted. They are counted apart, so that the
 * sum is right again when they are gone; until then it is NaN.
 */
export class KnownSum {
  readonly #sum = new ExactSum();
  #unknown = 0;

  get value(): Units {
    return units(this.#unknown > 0 ? NaN : this.#sum.value);
  }

  /** A part was `from` and is `to`; 0 is no part. */
  move(from: Units, to: Units): void {
    if (Number.isSafeInteger(from) && Number.isSafeInteger(to)) {
      this.#sum.add(0 - from);
      this.#sum.add(to);
      return;
    }
    if (Number.isSafeInteger(from)) this.#sum.add(0 - from);
    else this.#unknown -= 1;
    if (Number.isSafeInteger(to)) this.#sum.add(to);
    else this.#unknown += 1;
  }
}
