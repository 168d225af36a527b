import type { ReturnHistory } from './return-history.ts';

/** What an instrument did in the scenarios. */
export interface ScenarioColumn {
  /** Its returns, oldest first; 0 where unknown. */
  readonly returns: Float64Array;
  /** 1 where the return is unknown. */
  readonly unknown: Uint8Array;
  /** How many are unknown. */
  readonly gaps: number;
  /** The largest return, without its sign. */
  readonly largest: number;
}

/** The last bars of a history as scenarios: copied once per bar, and only for instruments that are asked for. */
export class Scenarios {
  readonly count: number;
  readonly #returns: ReturnHistory;
  readonly #columns = new Map<string, ScenarioColumn>();
  #version = -1;

  constructor(returns: ReturnHistory, count: number) {
    this.#returns = returns;
    this.count = count;
  }

  /** Changes with every bar. */
  get version(): number {
    return this.#returns.version;
  }

  /** `undefined` for an instrument that the history does not keep. */
  column(instrumentId: string): ScenarioColumn | undefined {
    if (this.#version !== this.version) {
      this.#columns.clear();
      this.#version = this.version;
    }
    const present = this.#columns.get(instrumentId);
    if (present !== undefined) return present;
    if (this.#returns.indexOf(instrumentId) === undefined) return undefined;
    const column = columnOf(this.#returns.last(instrumentId, this.count));
    this.#columns.set(instrumentId, column);
    return column;
  }
}

function columnOf(returns: Float64Array): ScenarioColumn {
  const unknown = Uint8Array.from(returns, (value) => (Number.isNaN(value) ? 1 : 0));
  for (const [scenario, gap] of unknown.entries()) if (gap === 1) returns[scenario] = 0;
  return {
    returns,
    unknown,
    gaps: unknown.reduce((sum, gap) => sum + gap, 0),
    largest: returns.reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  };
}
