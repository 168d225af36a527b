import { KnownSum } from '../core/known-sum.ts';
import { type Units, min, units } from '../core/units.ts';
import type { Cell } from './book-cell.ts';

const NONE = units(0);

/** What the cells of an account add up to, in its currency, kept by exact deltas. Only the Book has it. */
export class AccountSums {
  /** Cells with a position, or with orders that could make one. */
  count = 0;
  readonly #gross = new KnownSum();
  readonly #value = new KnownSum();
  readonly #costs = new KnownSum();
  readonly #margin = new KnownSum();
  readonly #losses = new KnownSum();

  get gross(): Units {
    return this.#gross.value;
  }

  get value(): Units {
    return this.#value.value;
  }

  get costs(): Units {
    return this.#costs.value;
  }

  get margin(): Units {
    return this.#margin.value;
  }

  /** What is lost, and not yet realised, in what is held on margin: 0 or more. */
  get losses(): Units {
    return this.#losses.value;
  }

  /** Takes a cell in. */
  put(cell: Cell): void {
    if (cell.costUnits !== 0) this.#costs.move(NONE, cell.costUnits);
    if (!cell.active) return;
    this.count += 1;
    this.#gross.move(NONE, cell.worst);
    this.#value.move(NONE, cell.value);
    if (cell.isLinear) this.#tie(cell, 1);
  }

  /** Takes a cell out, as it was put in. */
  take(cell: Cell): void {
    if (cell.costUnits !== 0) this.#costs.move(cell.costUnits, NONE);
    if (!cell.active) return;
    this.count -= 1;
    this.#gross.move(cell.worst, NONE);
    this.#value.move(cell.value, NONE);
    if (cell.isLinear) this.#tie(cell, -1);
  }

  /** Nothing of a cell has changed but what works: the worst case was `worst`, and whether it was active. */
  moveWorst(cell: Cell, worst: Units, margin: Units, wasActive: boolean): void {
    this.#gross.move(worst, cell.worst);
    if (cell.margin !== margin) this.#margin.move(margin, cell.margin);
    if (cell.active !== wasActive) this.count += wasActive ? -1 : 1;
  }

  /** Nothing of a cell has changed but its mark. */
  moveMarked(cell: Cell, worst: Units, value: Units, margin: Units): void {
    this.#gross.move(worst, cell.worst);
    if (value !== cell.value) this.#value.move(value, cell.value);
    if (!cell.isLinear) return;
    this.#margin.move(margin, cell.margin);
    this.#losses.move(lossOf(value), lossOf(cell.value));
  }

  #tie({ margin, value }: Cell, sign: 1 | -1): void {
    const loss = lossOf(value);
    if (sign === 1) {
      this.#margin.move(NONE, margin);
      this.#losses.move(NONE, loss);
    } else {
      this.#margin.move(margin, NONE);
      this.#losses.move(loss, NONE);
    }
  }
}

const lossOf = (value: Units): Units => units(0 - min(value, NONE));
