import { PortcullisError } from '../../core/errors.ts';
import { type Increment, increment, toGrid, toText } from '../../core/increment.ts';
import { type Lots, type Ticks, lots, ticks } from '../../core/units.ts';
import type { Instrument } from '../../trading/instrument.ts';

/** @throws {PortcullisError} `INPUT_INVALID` unless the text is a multiple of the increment, 0 or more */
export function onGrid(
  field: string,
  value: string,
  instrument: Instrument,
  increment: 'step' | 'tick',
): number {
  const count = toGrid(value, instrument.grid[increment], 'exact');
  if (count >= 0) return count;
  throw new PortcullisError(
    'INPUT_INVALID',
    `${field}: expected a multiple of the ${increment} ${instrument.grid[increment].value.toFixed()} of ${instrument.instrumentId}, got ${value}`,
  );
}

/** A grid as it is written down: plain decimals. */
export interface StoredGrid {
  readonly tick: string;
  readonly step: string;
}

export const storedGrid = ({ grid }: Instrument): StoredGrid => ({
  tick: grid.tick.value.toFixed(),
  step: grid.step.value.toFixed(),
});

/** Puts counts of the grid of then on the grid of now. */
export interface Regrid {
  readonly instrument: Instrument;
  /** @throws {PortcullisError} `INPUT_INVALID` when the value does not stand on the grid of now */
  lots(field: string, count: number): Lots;
  /** @throws {PortcullisError} `INPUT_INVALID` when the value does not stand on the grid of now */
  ticks(field: string, count: number): Ticks;
}

/** @throws {PortcullisError} `NUMBER_INVALID` */
export function regrid(was: StoredGrid, instrument: Instrument): Regrid {
  const { grid } = instrument;
  const [tick, step] = [increment(was.tick, 'tick'), increment(was.step, 'step')];
  return {
    instrument,
    lots: (field, count) =>
      lots(same(step, grid.step) ? count : exactly(field, count, step, instrument, 'step')),
    ticks: (field, count) =>
      ticks(same(tick, grid.tick) ? count : exactly(field, count, tick, instrument, 'tick')),
  };
}

const same = (a: Increment, b: Increment): boolean => a.mantissa === b.mantissa && a.places === b.places;

function exactly(
  field: string,
  count: number,
  was: Increment,
  instrument: Instrument,
  which: 'step' | 'tick',
): number {
  const size = onGrid(field, toText(Math.abs(count), was), instrument, which);
  return count < 0 ? -size : size;
}
