import { ZERO, decimal } from '../../core/decimal.ts';
import { PortcullisError } from '../../core/errors.ts';
import { toGrid } from '../../core/increment.ts';
import { lots } from '../../core/units.ts';
import { EXTERNAL } from '../../trading/book-share.ts';
import type { Instrument } from '../../trading/instrument.ts';
import type { OrderState } from '../../trading/order-life-cycle.ts';
import type { Side } from '../../trading/order-intent.ts';
import { fillEffect } from '../../trading/plan-fill.ts';
import type { AccountDraft, Told } from './account-draft.ts';
import type { HistoryOrder } from './history-rows.ts';

/** What every event of an order says. */
export interface SaidOrder {
  readonly clientOrderId: string;
  readonly intentId: string;
  readonly accountId: string;
  readonly strategyId: string;
  readonly instrumentId: string;
  readonly side: Side;
  readonly state: OrderState;
  readonly cumulativeQuantity: string;
  readonly leavesQuantity: string;
}

/** What an event says of an execution. */
export interface SaidExecution extends SaidOrder {
  readonly executionId: string;
  readonly quantity: string;
  readonly price: string;
  readonly fee: { readonly amount: string; readonly currency: string };
  readonly liquidity: 'maker' | 'taker';
}

/** Takes how an order stands now, and what else is said of it. */
export function takeOrder(
  draft: AccountDraft,
  said: SaidOrder,
  told: Told,
  more: Partial<HistoryOrder> & { readonly isNew?: boolean; readonly filled?: string } = {},
): void {
  const { isNew = false, filled = '0', ...change } = more;
  const was = draft.order(said.clientOrderId);
  if (was === undefined && !isNew) {
    draft.addGap('ORDER_UNKNOWN', `its submission was not seen: ${said.state}`, told, said.clientOrderId);
  }
  const seen = ZERO.plus(was?.cumulativeQuantity ?? '0').plus(filled);
  if (!seen.eq(said.cumulativeQuantity)) {
    const detail = `${said.cumulativeQuantity} are filled, of which ${seen.toFixed()} were seen`;
    draft.addGap('FILLS_MISSING', detail, told, said.clientOrderId);
  }
  const { clientOrderId, intentId, accountId, strategyId, instrumentId, side } = said;
  const { state, cumulativeQuantity, leavesQuantity } = said;
  draft.putOrder({
    ...(was ?? { clientOrderId, intentId, accountId, strategyId, instrumentId, side, filledValue: '0' }),
    atMs: was?.atMs ?? told.atMs,
    updatedMs: Math.max(was?.updatedMs ?? told.atMs, told.atMs),
    state,
    cumulativeQuantity,
    leavesQuantity,
    ...change,
  });
}

/** Takes an execution: what it does to order, position and cash. */
export function takeExecution(draft: AccountDraft, said: SaidExecution, told: Told): void {
  const { clientOrderId, instrumentId, executionId, side, quantity, liquidity, strategyId } = said;
  if (draft.account?.currency === undefined) {
    draft.addGap('ACCOUNT_UNKNOWN', 'its opening was not seen', told, clientOrderId);
  }
  const position = draft.position(instrumentId);
  const { instrument } = position;
  const fill = {
    quantity: lotsOf(quantity, instrument),
    price: decimal(said.price, 'price'),
    fee: { amount: decimal(said.fee.amount, 'fee'), currency: said.fee.currency },
  };
  const value = ZERO.plus(draft.order(clientOrderId)?.filledValue ?? '0').plus(
    fill.price.times(decimal(quantity)),
  );
  takeOrder(draft, said, told, {
    isNew: strategyId === EXTERNAL,
    filled: quantity,
    filledValue: value.toFixed(),
  });
  draft.addFill(
    {
      clientOrderId,
      executionId,
      accountId: said.accountId,
      strategyId,
      instrumentId,
      side,
      quantity,
      price: said.price,
      feeAmount: said.fee.amount,
      feeCurrency: said.fee.currency,
      liquidity,
    },
    told,
  );
  const { booking, fee, ownFee, cash, feeTaken } = fillEffect(position, side, fill, draft.currency);
  const { pos, cost, realised, dust, paid } = booking;
  draft.move(position, { pos, cost, realised, dust, fees: position.fees.plus(fee) }, told);
  const about = { reference: clientOrderId, instrumentId };
  draft.addEntry({ ...about, kind: 'trade', currency: instrument.quote, amount: paid }, told);
  draft.addEntry({ ...about, kind: 'fee', currency: instrument.quote, amount: cash.minus(paid) }, told);
  draft.addEntry({ ...about, kind: 'fee', currency: draft.currency, amount: ownFee.times('-1') }, told);
  if (!feeTaken) {
    const detail = `a fee of ${said.fee.amount} ${said.fee.currency} moves neither position nor cash`;
    draft.addGap('FEE_UNBOOKED', detail, told, clientOrderId);
  }
}

/** @throws {PortcullisError} `NUMBER_INVALID`: the instrument has another grid than the one it was traded on */
export function lotsOf(quantity: string, { instrumentId, grid }: Instrument) {
  const isSold = quantity.startsWith('-');
  const count = toGrid(isSold ? quantity.slice(1) : quantity, grid.step, 'exact');
  if (Number.isSafeInteger(count)) return lots(isSold ? -count : count);
  throw new PortcullisError(
    'NUMBER_INVALID',
    `history: quantity: expected a multiple of ${grid.step.value.toFixed()} of ${instrumentId}, got ${quantity}`,
  );
}
