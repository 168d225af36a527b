import { type Decimal, ZERO, decimal, exactMoney, lots } from 'portcullis/core';
import { type BookReader, type BookedOrder, type Fill, type Instrument } from 'portcullis/trading';

/** What one strategy has made in one instrument. Money is plain decimal, in the currency of the account. */
export interface StrategyResult {
  readonly strategyId: string;
  readonly instrumentId: string;
  readonly fills: number;
  /** Of all fills, bought and sold. */
  readonly volume: string;
  /** What was received less what was paid, and what is held at its last mark; before fees. */
  readonly profit: string;
  readonly fees: string;
}

interface Line {
  readonly strategyId: string;
  readonly instrument: Instrument;
  fills: number;
  /** Lots, signed. */
  held: number;
  volume: Decimal;
  /** Received less paid. */
  cash: Decimal;
  fees: Decimal;
}

/** Who made what, from the fills alone: over all strategies it is what the Book says of the account, to the last digit. */
export class StrategyLedger {
  readonly #lines = new Map<string, Line>();

  add({ quantity, price, fee }: Fill, { strategyId, instrument, side }: BookedOrder): void {
    const key = `${strategyId} ${instrument.instrumentId}`;
    const line = this.#lines.get(key) ?? {
      strategyId,
      instrument,
      fills: 0,
      held: 0,
      volume: ZERO,
      cash: ZERO,
      fees: ZERO,
    };
    this.#lines.set(key, line);
    const money = exactMoney(instrument.grid, quantity, price);
    line.fills += 1;
    if (side === 'buy') line.held += quantity;
    else line.held -= quantity;
    line.volume = line.volume.plus(money);
    line.cash = side === 'buy' ? line.cash.minus(money) : line.cash.plus(money);
    line.fees = line.fees.plus(fee.amount);
  }

  /** By strategy and instrument, in the order of their names. */
  results(book: BookReader): readonly StrategyResult[] {
    const keys = [...this.#lines.keys()].sort();
    return keys.flatMap((key) => {
      const line = this.#lines.get(key);
      return line === undefined ? [] : [resultOf(line, book)];
    });
  }
}

const resultOf = (line: Line, book: BookReader): StrategyResult => ({
  strategyId: line.strategyId,
  instrumentId: line.instrument.instrumentId,
  fills: line.fills,
  volume: line.volume.toFixed(),
  profit: valueOf(line, book)?.plus(line.cash).toFixed() ?? 'unknown',
  fees: line.fees.toFixed(),
});

/** `undefined` without a mark. */
function valueOf({ instrument, held }: Line, book: BookReader): Decimal | undefined {
  if (held === 0) return ZERO;
  const mark = book.markOf(instrument.instrumentId);
  if (mark === undefined) return undefined;
  const { grid } = instrument;
  const value = exactMoney(grid, lots(Math.abs(held)), grid.tick.value.times(decimal(BigInt(mark.price))));
  return held > 0 ? value : value.neg();
}
