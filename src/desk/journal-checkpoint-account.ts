import { z } from 'zod';
import { type Decimal, decimal } from '../core/decimal.ts';
import { moneyText } from '../core/money-text.ts';
import { parseInput } from '../core/options.ts';
import type { JsonValue } from '../storage/json.ts';
import type { SavedAccount } from '../trading/saved-book.ts';
import type { Regrid } from './journal-grid.ts';
import { readUnits, storedOpen, strategyOpen, strategyOpenSchema } from './journal-record.ts';

const text = z.string();

/** An account as it stands in a checkpoint. What is optional is not in those of before it was kept. */
const accountSchema = z.object({
  accountId: text,
  currency: text,
  cash: text,
  fees: text,
  flows: text,
  adjusted: text,
  dayOpen: text,
  highWater: text,
  cells: z.array(
    z.object({
      instrumentId: text,
      pos: z.int(),
      cost: text,
      realised: text,
      fees: text,
      shares: z.array(z.object({ strategyId: text, pos: z.int(), cash: text })).exactOptional(),
    }),
  ),
  strategies: z.array(strategyOpenSchema).exactOptional(),
});

/** @throws {PortcullisError} `NUMBER_INVALID` for what could not be read back: better no checkpoint than a useless one */
const exact = (value: Decimal): string => decimal(value).toFixed();

export const storedAccount = ({ cells, strategies = [], ...account }: SavedAccount) => ({
  accountId: account.accountId,
  currency: account.currency,
  cash: exact(account.cash),
  fees: exact(account.fees),
  flows: exact(account.flows),
  adjusted: exact(account.adjusted),
  dayOpen: moneyText(account.dayOpen),
  highWater: moneyText(account.highWater),
  cells: cells.map(({ instrument, pos, cost, realised, fees, shares = [] }) => ({
    instrumentId: instrument.instrumentId,
    pos,
    cost: exact(cost),
    realised: exact(realised),
    fees: exact(fees),
    shares: shares.map((share) => ({ ...share, cash: exact(share.cash) })),
  })),
  ...(strategies.length > 0 && { strategies: strategies.map(storedOpen) }),
});

/** @throws {PortcullisError} `INPUT_INVALID`, `NUMBER_INVALID`; what `regridOf` throws */
export function savedAccount(
  line: JsonValue | undefined,
  regridOf: (instrumentId: string) => Regrid,
): SavedAccount {
  const { cells, strategies = [], ...account } = parseInput('account', accountSchema, line);
  return {
    accountId: account.accountId,
    currency: account.currency,
    cash: decimal(account.cash, 'cash'),
    fees: decimal(account.fees, 'fees'),
    flows: decimal(account.flows, 'flows'),
    adjusted: decimal(account.adjusted, 'adjusted'),
    dayOpen: readUnits(account.dayOpen, 'dayOpen'),
    highWater: readUnits(account.highWater, 'highWater'),
    cells: cells.map((cell) => {
      const on = regridOf(cell.instrumentId);
      return {
        instrument: on.instrument,
        pos: on.lots('pos', cell.pos),
        cost: decimal(cell.cost, 'cost'),
        realised: decimal(cell.realised, 'realised'),
        fees: decimal(cell.fees, 'fees'),
        ...(cell.shares && {
          shares: cell.shares.map(({ strategyId, pos, cash }) => ({
            strategyId,
            pos: on.lots('shares.pos', pos),
            cash: decimal(cash, 'shares.cash'),
          })),
        }),
      };
    }),
    strategies: strategies.map(strategyOpen),
  };
}
