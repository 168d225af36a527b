import { toText } from '../../core/increment.ts';
import {
  ACCOUNT_ADJUSTED,
  ACCOUNT_DAY_ROLLED,
  ACCOUNT_FLOWED,
  ACCOUNT_FUNDED,
  ACCOUNT_OPENED,
} from '../../events/catalogue/account-events.ts';
import {
  ORDER_ABANDONED,
  ORDER_ABSENT,
  ORDER_ACCEPTED,
  ORDER_AMENDED,
  ORDER_AMEND_FAILED,
  ORDER_AMEND_REQUESTED,
  ORDER_CANCELLED,
  ORDER_CANCEL_FAILED,
  ORDER_CANCEL_REQUESTED,
  ORDER_EXECUTED,
  ORDER_EXPIRED,
  ORDER_REJECTED,
  ORDER_SUBMITTED,
  ORDER_UNKNOWN,
} from '../../events/catalogue/order-events.ts';
import type { EventType } from '../../events/event-type.ts';
import type { OrderView } from '../../trading/order-view.ts';
import type { EventRecord, JournalRecord } from '../journal/journal-record.ts';
import { saidDenial } from './said-denial.ts';

/** An event that is to be published. */
export interface ToPublish {
  readonly type: EventType;
  readonly data: unknown;
}

/**
 * What a record of a journal tells, in order: nothing where orders were only moved in or out of memory, and of who writes it.
 *
 * @param order that it is about, as it is after the record; `undefined` where it is about none
 */
export function eventsOf(record: JournalRecord, order: OrderView | undefined): readonly ToPublish[] {
  switch (record.type) {
    case 'opened': {
      const { dayId, accounts } = record;
      return accounts.map((account) => event(ACCOUNT_OPENED, { ...account, dayId }));
    }
    case 'dayRolled':
      return dayRolled(record);
    case 'adjusted': {
      const { type: _, atMs: __, ...data } = record;
      return [event(ACCOUNT_ADJUSTED, data)];
    }
    case 'flowed': {
      const { type: _, atMs: __, highWater, ...data } = record;
      return [event(ACCOUNT_FLOWED, { ...data, ...known('highWater', highWater) })];
    }
    case 'funded': {
      const { type: _, atMs: __, ...data } = record;
      return [event(ACCOUNT_FUNDED, data)];
    }
    case 'retired':
    case 'revived':
    case 'tenure':
      return [];
    case 'submitting':
      return order === undefined ? [] : [submitted(record, order)];
    case 'external':
      return order === undefined ? [] : [executed(record, order)];
    default:
      return order === undefined ? [] : [happened(record, order)];
  }
}

/** Checked where it is made, not where it is published: one bus takes all of them. */
const event = <D>(type: EventType<D>, data: NoInfer<D>): ToPublish => ({ type, data });

/** Which order it is, and how it stands. */
const aboutOrder = ({ order, side, state, cumulative, leaves }: OrderView) => ({
  clientOrderId: order.clientOrderId,
  intentId: order.intent.intentId,
  accountId: order.accountId,
  strategyId: order.strategyId,
  instrumentId: order.instrument.instrumentId,
  side,
  state,
  cumulativeQuantity: toText(cumulative, order.instrument.grid.step),
  leavesQuantity: toText(leaves, order.instrument.grid.step),
});

/** Left out where it is NaN or infinite: nobody knew it. */
const known = <K extends string>(key: K, money: string): Partial<Record<K, string>> =>
  /\d/.test(money) ? ({ [key]: money } as Record<K, string>) : {};

const dayRolled = ({ dayId, accounts }: JournalRecord & { type: 'dayRolled' }): readonly ToPublish[] =>
  accounts.map(({ accountId, dayOpen, highWater, strategies }) =>
    event(ACCOUNT_DAY_ROLLED, {
      accountId,
      dayId,
      ...known('dayOpen', dayOpen),
      ...known('highWater', highWater),
      ...(strategies && {
        strategies: strategies.map(({ strategyId, pnl }) => ({ strategyId, ...known('pnl', pnl) })),
      }),
    }),
  );

const submitted = (record: JournalRecord & { type: 'submitting' }, order: OrderView): ToPublish =>
  event(ORDER_SUBMITTED, {
    ...aboutOrder(order),
    type: order.order.type,
    requestedQuantity: record.intent.quantity,
    quantity: record.quantity,
    worstPrice: record.worst,
    timeInForce: record.timeInForce,
    postOnly: record.postOnly,
    reduceOnly: order.order.reduceOnly,
    isExit: record.isExit,
    limitsHash: record.limitsHash,
  });

type Execution = Pick<
  JournalRecord & { type: 'filled' },
  'executionId' | 'quantity' | 'price' | 'fee' | 'liquidity'
>;

const executed = ({ executionId, quantity, price, fee, liquidity }: Execution, order: OrderView): ToPublish =>
  event(ORDER_EXECUTED, {
    ...aboutOrder(order),
    executionId,
    quantity,
    price,
    fee,
    liquidity,
  });

function happened(record: EventRecord, order: OrderView): ToPublish {
  const about = aboutOrder(order);
  switch (record.type) {
    case 'abandoned':
      return event(ORDER_ABANDONED, { ...about, because: saidDenial(record.because) });
    case 'accepted': {
      const { venueOrderId } = record;
      return event(ORDER_ACCEPTED, { ...about, ...(venueOrderId !== undefined && { venueOrderId }) });
    }
    case 'rejected':
      return event(ORDER_REJECTED, { ...about, reason: record.reason });
    case 'timedOut':
      return event(ORDER_UNKNOWN, { ...about, reason: record.reason });
    case 'filled':
      return executed(record, order);
    case 'cancelRequested':
      return event(ORDER_CANCEL_REQUESTED, about);
    case 'cancelled':
    case 'expired': {
      const type = record.type === 'cancelled' ? ORDER_CANCELLED : ORDER_EXPIRED;
      const { cumulative } = record;
      const final = cumulative !== undefined && { finalQuantity: cumulative };
      return event(type, { ...about, ...final });
    }
    case 'cancelFailed':
      return event(ORDER_CANCEL_FAILED, { ...about, reason: record.reason });
    case 'absent':
      return event(ORDER_ABSENT, about);
    case 'amendRequested': {
      const { quantity, worst, isExit } = record;
      return event(ORDER_AMEND_REQUESTED, { ...about, quantity, worstPrice: worst, isExit });
    }
    case 'amended': {
      const { quantity, worst } = record;
      return event(ORDER_AMENDED, { ...about, quantity, worstPrice: worst });
    }
    case 'amendFailed':
      return event(ORDER_AMEND_FAILED, { ...about, reason: record.reason });
  }
}
