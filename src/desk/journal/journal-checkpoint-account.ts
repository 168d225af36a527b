import { z } from 'zod';
import { type Decimal, decimal } from '../../core/decimal.ts';
import { moneyText } from '../../core/money-text.ts';
import { parseInput } from '../../core/options.ts';
import type { JsonValue } from '../../storage/json.ts';
import type { SavedAccount, SavedCell } from '../../trading/saved-book.ts';
import type { Regrid } from './journal-grid.ts';
import { storedOpen, strategyOpen, strategyOpenSchema } from './journal-record.ts';
import { readUnits } from './journal-units.ts';

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
      shares: z
        .array(z.object({ strategyId: text, pos: z.int(), cash: text, fees: text.exactOptional() }))
        .exactOptional(),
      dust: text.exactOptional(),
      funding: text.exactOptional(),
    }),
  ),
  strategies: z.array(strategyOpenSchema).exactOptional(),
  currencies: z.array(z.object({ currency: text, cash: text, fees: text, adjusted: text })).exactOptional(),
  feesPaid: z.array(z.object({ currency: text, amount: text })).exactOptional(),
});

type StoredAccount = z.output<typeof accountSchema>;
type StoredCell = StoredAccount['cells'][number];

/** @throws {PortcullisError} `NUMBER_INVALID` for what could not be read back: better no checkpoint than a useless one */
const exact = (value: Decimal): string => decimal(value).toFixed();

export const storedAccount = (saved: SavedAccount): StoredAccount => ({
  accountId: saved.accountId,
  currency: saved.currency,
  cash: exact(saved.cash),
  fees: exact(saved.fees),
  flows: exact(saved.flows),
  adjusted: exact(saved.adjusted),
  dayOpen: moneyText(saved.dayOpen),
  highWater: moneyText(saved.highWater),
  cells: saved.cells.map(storedCell),
  ...some('strategies', saved.strategies?.map(storedOpen)),
  ...some(
    'currencies',
    saved.currencies?.map(({ currency, cash, fees, adjusted }) => ({
      currency,
      cash: exact(cash),
      fees: exact(fees),
      adjusted: exact(adjusted),
    })),
  ),
  ...some(
    'feesPaid',
    saved.feesPaid?.map(({ currency, amount }) => ({ currency, amount: exact(amount) })),
  ),
});

const storedCell = (cell: SavedCell): StoredCell => ({
  instrumentId: cell.instrument.instrumentId,
  pos: cell.pos,
  cost: exact(cell.cost),
  realised: exact(cell.realised),
  fees: exact(cell.fees),
  shares: (cell.shares ?? []).map(({ strategyId, pos, cash, fees }) => ({
    strategyId,
    pos,
    cash: exact(cash),
    ...(fees && { fees: exact(fees) }),
  })),
  ...(cell.dust && { dust: exact(cell.dust) }),
  ...(cell.funding && { funding: exact(cell.funding) }),
});

/** A list that is not empty. */
const some = <K extends string, T>(key: K, list: readonly T[] | undefined): Partial<Record<K, T[]>> =>
  list === undefined || list.length === 0 ? {} : ({ [key]: [...list] } as Partial<Record<K, T[]>>);

/** @throws {PortcullisError} `INPUT_INVALID`, `NUMBER_INVALID`; what `regridOf` throws */
export function savedAccount(
  line: JsonValue | undefined,
  regridOf: (instrumentId: string) => Regrid,
): SavedAccount {
  const account = parseInput('account', accountSchema, line);
  const { feesPaid } = account;
  return {
    accountId: account.accountId,
    currency: account.currency,
    cash: decimal(account.cash, 'cash'),
    fees: decimal(account.fees, 'fees'),
    flows: decimal(account.flows, 'flows'),
    adjusted: decimal(account.adjusted, 'adjusted'),
    dayOpen: readUnits(account.dayOpen, 'dayOpen'),
    highWater: readUnits(account.highWater, 'highWater'),
    cells: account.cells.map((cell) => savedCell(cell, regridOf(cell.instrumentId))),
    strategies: (account.strategies ?? []).map(strategyOpen),
    currencies: (account.currencies ?? []).map(({ currency, cash, fees, adjusted }) => ({
      currency,
      cash: decimal(cash, 'currencies.cash'),
      fees: decimal(fees, 'currencies.fees'),
      adjusted: decimal(adjusted, 'currencies.adjusted'),
    })),
    ...(feesPaid && {
      feesPaid: feesPaid.map(({ currency, amount }) => ({
        currency,
        amount: decimal(amount, 'feesPaid.amount'),
      })),
    }),
  };
}

const savedCell = ({ shares, dust, funding, ...cell }: StoredCell, on: Regrid): SavedCell => ({
  instrument: on.instrument,
  pos: on.lots('pos', cell.pos),
  cost: decimal(cell.cost, 'cost'),
  realised: decimal(cell.realised, 'realised'),
  fees: decimal(cell.fees, 'fees'),
  ...(shares && {
    shares: shares.map(({ strategyId, pos, cash, fees }) => ({
      strategyId,
      pos: on.lots('shares.pos', pos),
      cash: decimal(cash, 'shares.cash'),
      ...(fees !== undefined && { fees: decimal(fees, 'shares.fees') }),
    })),
  }),
  ...(dust !== undefined && { dust: decimal(dust, 'dust') }),
  ...(funding !== undefined && { funding: decimal(funding, 'funding') }),
});
