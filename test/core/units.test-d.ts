// Compiled, never run: what the types of amounts forbid. A line that compiles after all fails `npm run types`.
import {
  type Lots,
  type Ticks,
  type Units,
  add,
  createGrid,
  decimal,
  fit,
  lots,
  max,
  notional,
  sub,
  ticks,
  units,
} from '../../src/core/index.ts';

const grid = createGrid('1', '1');

export const sum: Lots = add(lots(1), lots(2));
export const money: Units = notional(grid, lots(1), ticks(2));

// @ts-expect-error lots and ticks do not add up
export const mixed = add(lots(1), ticks(2));
// @ts-expect-error nor do they subtract
export const difference = sub(units(1), lots(2));
// @ts-expect-error nor compare by size
export const larger = max(lots(1), units(2));
// @ts-expect-error the quantity comes first
export const swapped = notional(grid, ticks(2), lots(1));
// @ts-expect-error room is money
export const roomless = fit(grid, lots(1), ticks(1));
// @ts-expect-error a raw sum is a number again
export const raw: Lots = lots(1) + lots(2);
// @ts-expect-error a number is not a quantity
export const bare: Lots = 5;
// @ts-expect-error a price is not money
export const priced: Units = ticks(5) satisfies Ticks;
// @ts-expect-error money and quantity have no order
export const compared = units(5) === lots(5);
// @ts-expect-error a float is not money
export const float = decimal(0.1);
// @ts-expect-error nor a tick size
export const coarse = createGrid(0.01, '1');
