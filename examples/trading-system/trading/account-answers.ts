import { statement } from 'portcullis/portfolio';
import { HttpProblem } from 'portcullis/service';
import type { BookReader } from 'portcullis/trading';

/** Left out while something that is held has no mark. */
export const equityOf = (book: BookReader, accountId: string): string | undefined =>
  statement(book, accountId)?.equity?.toFixed();

/** What the account has, as `getPositions` answers it. */
export function positionsOf(book: BookReader, accountId: string) {
  const account = statement(book, accountId);
  if (account === undefined) throw new HttpProblem(404, `there is no account ${accountId}`);
  const { currency, equity, dayPnlUnits } = account;
  return {
    ...{ accountId, currency },
    ...(equity && { equity: equity.toFixed() }),
    ...(Number.isFinite(dayPnlUnits) && { dayPnl: unitsText(dayPnlUnits) }),
    positions: account.positions.map((one) => ({
      ...{ instrumentId: one.instrumentId, quantity: one.quantity, quote: one.quote },
      ...(one.averagePrice && { averagePrice: one.averagePrice.toFixed() }),
      ...(one.mark !== undefined && { mark: one.mark }),
      ...(one.unrealised && { unrealised: one.unrealised.toFixed() }),
      ...{ realised: one.realised.toFixed(), fees: one.fees.toFixed() },
    })),
  };
}

/** Millionths as plain money. */
function unitsText(units: number): string {
  const digits = String(Math.abs(units)).padStart(7, '0');
  return `${units < 0 ? '-' : ''}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}
