import { TradingDay } from 'portcullis/core';

/** Some seconds, so that many roll in a run. */
const DAY_MS = 5_000;
const CALENDAR_DAY_MS = 86_400_000;
const FIRST = Date.UTC(2026, 0, 1);

/** Trading days of a few seconds since `epochMs`, under the names of calendar days. */
export class ShortDay extends TradingDay {
  readonly #epochMs: number;

  constructor(epochMs: number) {
    super();
    this.#epochMs = epochMs;
  }

  override dayOf(nowMs: number): string {
    return new Date(FIRST + this.#count(nowMs) * CALENDAR_DAY_MS).toISOString().slice(0, 10);
  }

  override nextRollMs(nowMs: number): number {
    return this.#epochMs + (this.#count(nowMs) + 1) * DAY_MS;
  }

  #count(nowMs: number): number {
    return Math.floor((nowMs - this.#epochMs) / DAY_MS);
  }
}
