import type { Units } from '../../core/units.ts';
import type { AccountView } from '../../trading/book-account.ts';
import type { CellView } from '../../trading/book-cell.ts';
import type { ScenarioColumn, Scenarios } from './scenarios.ts';
import { ROUNDING, type ValueAtRiskParameters, addProduct, rankOf } from './value-at-risk.ts';
import { signedWorst } from './worst-exposure.ts';

interface Row {
  readonly cell: CellView;
  readonly column: ScenarioColumn | undefined;
  /** What is in the sums. */
  signed: number;
}

/** So many changes of the sums cost a few of the last digits; then they are made anew. */
const MAX_CHANGES = 10_000;

/**
 * The profit of an account in each scenario, carried along: made anew with every bar, and adjusted for each exposure that
 * has changed since it was last looked at. It answers only "surely within the limit", with its rounding error against the
 * account; what is not sure is to be worked out in full.
 */
export class AccountScenarios {
  readonly #scenarios: Scenarios;
  readonly #parameters: ValueAtRiskParameters;
  readonly #profit: Float64Array;
  /** How many of what the account is exposed to have an unknown return. */
  readonly #unknown: Int32Array;
  readonly #rows: Row[] = [];
  #version = -1;
  #complete = 0;
  #changes = 0;
  #gross = 0;
  /** The largest gross exposure and the largest return that have gone into the sums. */
  #peak = 0;
  #largest = 0;
  /** Of the rows: whether any return of theirs is unknown, and the largest. */
  #hasGaps = false;
  #largestOfRows = 0;

  constructor(scenarios: Scenarios, parameters: ValueAtRiskParameters) {
    this.#scenarios = scenarios;
    this.#parameters = parameters;
    this.#profit = new Float64Array(scenarios.count);
    this.#unknown = new Int32Array(scenarios.count);
  }

  /** Whether the value at risk is surely at most `limit` once the exposure to an instrument is `signed`. */
  surelyWithin(account: AccountView, instrumentId: string, signed: Units, limit: Units): boolean {
    const column = this.#scenarios.column(instrumentId);
    if (column === undefined || !Number.isSafeInteger(signed)) return false;
    if (this.#isSmall(account, column, signed, limit)) return true;
    if (!this.#follow(account)) return false;
    const before = this.#signedOf(column);
    const n = before === 0 ? this.#completeWith(column) : this.#complete;
    const { minScenarios, confidence } = this.#parameters;
    if (!(n >= minScenarios)) return false;
    const least = this.#error(Math.abs(signed), column.largest) - limit;
    const within = countFrom(least, this.#profit, signed - before, column.returns);
    return this.#profit.length - within < rankOf(n, confidence);
  }

  /**
   * Whether everything together, moving against the account by the largest return of any, loses no more than `limit`: mostly
   * so while little is held, and then no scenario need be looked at. Only where every return is known.
   */
  #isSmall({ gross, cellCount }: AccountView, column: ScenarioColumn, signed: Units, limit: Units): boolean {
    if (this.#version !== this.#scenarios.version || this.#rows.length !== cellCount) return false;
    if (this.#hasGaps || column.gaps > 0) return false;
    const most = (gross + Math.abs(signed)) * Math.max(this.#largestOfRows, column.largest);
    return most * (1 + (4 * cellCount + 16) * ROUNDING) + 2 <= limit;
  }

  /** Brings the sums to what the account is exposed to now; false when something of it is unknown. */
  #follow(account: AccountView): boolean {
    if (this.#version !== this.#scenarios.version || this.#changes > MAX_CHANGES) this.#clear();
    let i = 0;
    for (const cell of account.cells()) {
      let row = this.#rows[i];
      if (row === undefined) {
        row = { cell, column: this.#scenarios.column(cell.instrument.instrumentId), signed: 0 };
        this.#rows.push(row);
        this.#hasGaps ||= row.column?.gaps !== 0;
        this.#largestOfRows = Math.max(this.#largestOfRows, row.column?.largest ?? NaN);
      } else if (row.cell !== cell) {
        this.#clear();
        return false;
      }
      const signed = signedWorst(cell, cell.worst);
      if (signed !== row.signed && !this.#move(row, signed)) return false;
      i += 1;
    }
    return i === this.#rows.length;
  }

  #clear(): void {
    this.#version = this.#scenarios.version;
    this.#profit.fill(0);
    this.#unknown.fill(0);
    this.#rows.length = 0;
    this.#complete = this.#scenarios.count;
    this.#changes = 0;
    this.#gross = 0;
    this.#peak = 0;
    this.#largest = 0;
    this.#hasGaps = false;
    this.#largestOfRows = 0;
  }

  #move(row: Row, signed: number): boolean {
    const { column } = row;
    if (column === undefined || !Number.isSafeInteger(signed)) return false;
    addProduct(this.#profit, signed - row.signed, column.returns);
    if (column.gaps > 0 && (signed === 0) !== (row.signed === 0))
      this.#involve(column, signed === 0 ? -1 : 1);
    this.#gross += Math.abs(signed) - Math.abs(row.signed);
    this.#peak = Math.max(this.#peak, this.#gross + Math.abs(row.signed));
    this.#largest = Math.max(this.#largest, column.largest);
    this.#changes += 1;
    row.signed = signed;
    return true;
  }

  #involve({ unknown }: ScenarioColumn, by: 1 | -1): void {
    this.#complete = 0;
    for (const [scenario, gap] of unknown.entries()) {
      const gaps = (this.#unknown[scenario] ?? 1) + by * gap;
      this.#unknown[scenario] = gaps;
      if (gaps === 0) this.#complete += 1;
    }
  }

  #signedOf(column: ScenarioColumn): number {
    for (const row of this.#rows) if (row.column === column) return row.signed;
    return 0;
  }

  /** How many scenarios are complete with one more instrument. */
  #completeWith({ unknown, gaps }: ScenarioColumn): number {
    if (gaps === 0) return this.#complete;
    let complete = 0;
    for (const [scenario, gap] of unknown.entries())
      if (gap === 0 && this.#unknown[scenario] === 0) complete += 1;
    return complete;
  }

  /**
   * More than what rounding can have done to a scenario, here and in the full count, and the unit that the full count
   * rounds up by. Each change rounds a product and a sum, neither of which is larger than three times the peak.
   */
  #error(signed: number, largest: number): number {
    const most = (this.#peak + signed) * Math.max(this.#largest, largest);
    return 2 + (8 * this.#changes + 4 * this.#rows.length + 16) * ROUNDING * most;
  }
}

/** In how many scenarios the profit, with one more product, is at least so much. */
function countFrom(least: number, profit: Float64Array, factor: number, returns: Float64Array): number {
  const { length } = profit;
  let count = 0;
  // Without a branch and without a fallback for each element: this is most of what a check costs.
  for (let i = 0; i < length; i += 1)
    count += (profit[i] as number) + factor * (returns[i] as number) >= least ? 1 : 0;
  return count;
}
