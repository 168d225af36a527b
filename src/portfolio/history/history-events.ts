import type { BusEvent } from '../../events/bus-event.ts';
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
import { PORTFOLIO_UPDATED } from '../../events/catalogue/portfolio-events.ts';
import type { EventType } from '../../events/event-type.ts';
import type { AccountDraft, Told } from './account-draft.ts';
import {
  takeAdjustment,
  takeDay,
  takeFlow,
  takeFunding,
  takeOpening,
  takePortfolio,
} from './project-accounts.ts';
import { type SaidOrder, takeExecution, takeOrder } from './project-orders.ts';

/** An event that a history takes, read. */
export interface HistoryEvent {
  readonly told: Told;
  readonly accountId: string;
  /** Of the event, and of the fact that it tells of, where that has an identity of its own. */
  readonly marks: readonly [string, ...string[]];
  readonly clientOrderId: string | undefined;
  readonly instrumentId: string | undefined;
  /** Whether all of the account is needed. */
  readonly isOpening: boolean;
  take(draft: AccountDraft): void;
}

export type ReadHistoryEvent =
  | { readonly kind: 'event'; readonly event: HistoryEvent }
  /** Of a type that is none of the history's business. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'refused'; readonly why: string };

/** A type of event, and what it does. */
interface Known<D = unknown> {
  readonly type: EventType;
  /** Names the fact that it tells of, where that has an identity of its own. */
  fact(data: D, told: Told): string | undefined;
  take(draft: AccountDraft, data: D, told: Told): void;
}

const known = <D>(
  type: EventType<D>,
  take: (draft: AccountDraft, data: NoInfer<D>, told: Told) => void,
  fact: (data: NoInfer<D>, told: Told) => string | undefined = () => undefined,
): Known => {
  const one: Known<D> = { type, take, fact };
  return one;
};

const name = (...parts: readonly (string | number)[]): string => JSON.stringify(parts);
const standing = (draft: AccountDraft, said: SaidOrder, told: Told): void => {
  takeOrder(draft, said, told);
};
const withReason = (draft: AccountDraft, said: SaidOrder & { readonly reason: string }, told: Told): void => {
  takeOrder(draft, said, told, { reason: said.reason });
};

const KNOWN: readonly Known[] = [
  known(ORDER_SUBMITTED, (draft, said, told) => {
    const { type, requestedQuantity, quantity, worstPrice, timeInForce, postOnly, reduceOnly } = said;
    const { isExit, limitsHash } = said;
    const terms = { type, requestedQuantity, quantity, worstPrice, timeInForce, postOnly, reduceOnly };
    takeOrder(draft, said, told, { isNew: true, ...terms, isExit, limitsHash });
  }),
  known(ORDER_ABANDONED, (draft, said, told) => {
    takeOrder(draft, said, told, { reason: said.because.code });
  }),
  known(ORDER_ACCEPTED, (draft, said, told) => {
    const { venueOrderId } = said;
    takeOrder(draft, said, told, { ...(venueOrderId !== undefined && { venueOrderId }) });
  }),
  known(ORDER_REJECTED, withReason),
  known(ORDER_UNKNOWN, withReason),
  known(ORDER_EXECUTED, takeExecution, ({ clientOrderId, executionId }) =>
    name('fill', clientOrderId, executionId),
  ),
  known(ORDER_CANCEL_REQUESTED, standing),
  known(ORDER_CANCELLED, standing),
  known(ORDER_EXPIRED, standing),
  known(ORDER_CANCEL_FAILED, standing),
  known(ORDER_AMEND_REQUESTED, standing),
  known(ORDER_AMENDED, (draft, said, told) => {
    const { quantity, worstPrice } = said;
    takeOrder(draft, said, told, { quantity, worstPrice });
  }),
  known(ORDER_AMEND_FAILED, standing),
  known(ORDER_ABSENT, standing),
  known(ACCOUNT_OPENED, takeOpening, ({ accountId, currency, balance }, { atMs }) =>
    name('opening', accountId, currency, balance, atMs),
  ),
  known(ACCOUNT_ADJUSTED, takeAdjustment, ({ accountId, adjustmentId }) =>
    name('adjustment', accountId, adjustmentId),
  ),
  known(ACCOUNT_FLOWED, takeFlow, ({ accountId, flowId }) => name('flow', accountId, flowId)),
  known(ACCOUNT_FUNDED, takeFunding, ({ accountId, fundingId }) => name('funding', accountId, fundingId)),
  known(ACCOUNT_DAY_ROLLED, takeDay),
  known(PORTFOLIO_UPDATED, takePortfolio),
];

const BY_TYPE = new Map(KNOWN.map((each) => [each.type.type, each]));

/** The types of event that a history is made of. */
export const HISTORY_EVENTS: readonly EventType[] = Object.freeze(KNOWN.map(({ type }) => type));

/** Reads an event: one of a version that is not known is refused, as is one whose data is not what its type says. */
export function readHistoryEvent(event: BusEvent): ReadHistoryEvent {
  const found = BY_TYPE.get(event.type);
  if (found === undefined) return { kind: 'ignored' };
  const { type } = found;
  if (event.dataversion !== type.version) {
    const why = `${event.type} of version ${event.dataversion}: expected version ${type.version}`;
    return { kind: 'refused', why };
  }
  const checked = type.check(event.data);
  if (!checked.success) {
    const why = checked.error.issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`);
    return { kind: 'refused', why: `${event.type}: ${why.join('; ')}` };
  }
  const atMs = Date.parse(event.time);
  if (!Number.isSafeInteger(atMs)) {
    return { kind: 'refused', why: `${event.type}: time: expected RFC 3339, got ${event.time}` };
  }
  const { data } = checked;
  const told: Told = { source: event.source, eventId: event.id, atMs };
  const said = data as {
    readonly accountId: string;
    readonly clientOrderId?: string;
    readonly instrumentId?: string;
    readonly position?: { readonly instrumentId: string };
  };
  const ofFact = found.fact(data, told);
  const ofEvent = name('event', event.source, event.id);
  return {
    kind: 'event',
    event: {
      told,
      accountId: said.accountId,
      marks: ofFact === undefined ? [ofEvent] : [ofEvent, ofFact],
      clientOrderId: said.clientOrderId,
      instrumentId: said.instrumentId ?? said.position?.instrumentId,
      isOpening: type === ACCOUNT_OPENED,
      take: (draft) => {
        found.take(draft, data, told);
      },
    },
  };
}
