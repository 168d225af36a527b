import type { Clock } from '../core/clock.ts';
import type { BookReader } from '../trading/book.ts';
import type { OrderView } from '../trading/order-view.ts';
import type { AmendOutcome, OrderChange } from '../trading/amend-outcome.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { HeldOrder, OrderEvent } from '../trading/order-event.ts';
import { isOpen } from '../trading/order-life-cycle.ts';
import { type Answer, answerInTime } from './answer-in-time.ts';
import { type ChangeDecision, tightens } from './change-order.ts';
import { notAudited } from './desk-audit.ts';
import type { AmendReply } from './venue/venue-driver.ts';

/** A decision on a change. */
export type AmendDecision =
  | Extract<ChangeDecision, { kind: 'denied' }>
  | (Extract<ChangeDecision, { kind: 'changed' }> & {
      /** Whether it is in the audit log. Never rejects. */
      readonly audited: Promise<boolean>;
    });

/** What the verb needs of its desk. */
export interface AmendDesk {
  readonly book: BookReader;
  readonly clock: Pick<Clock, 'nowMs' | 'deadline'>;
  readonly venueTimeoutMs: number;
  readonly canAmend: boolean;
  /** All gates, on the order as it would be. */
  decideChange(row: OrderView, change: OrderChange): AmendDecision;
  /** Why nothing is sent or written any more, if so. */
  deposed(): Denial | undefined;
  /** The last look, in the tick of the send. */
  confirm(order: HeldOrder): Denial | undefined;
  /** Seals the order as it is to be and hands it to the venue, once. */
  sendAmended(order: HeldOrder, signal: AbortSignal): Promise<AmendReply>;
  /** Until disposed, nobody else looks the amendment up. */
  amending(clientOrderId: string): Disposable;
  /** Counts an event at once; resolves to whether it is on disk. */
  record(event: OrderEvent): Promise<boolean>;
  /** Has the order looked up until it is known what it is. */
  watch(clientOrderId: string): void;
  /** Has it looked up once at least. */
  ask(clientOrderId: string): void;
}

/** Changes an open order, the larger of old and new held from the decision on. After the send it never throws. */
export async function amend(
  desk: AmendDesk,
  clientOrderId: string,
  change: OrderChange,
): Promise<AmendOutcome> {
  const row = desk.book.order(clientOrderId);
  if (row === undefined) return { kind: 'not-found', clientOrderId };
  if (!isOpen(row.state)) return { kind: 'finished', clientOrderId, state: row.state };
  if (!desk.canAmend) return denied(clientOrderId, deny('amend', 'AMEND_UNSUPPORTED'));
  const decision = desk.decideChange(row, change);
  if (decision.kind === 'denied') return { ...decision, clientOrderId };
  const { order, to } = decision;
  const mayGoUnaudited = tightens(row, to);
  const about = { clientOrderId, atMs: desk.clock.nowMs() };
  using _waiting = desk.amending(clientOrderId);
  if (!(await desk.record({ type: 'amendRequested', ...about, to }))) {
    return await abandon(desk, clientOrderId, desk.deposed() ?? deny('journal', 'JOURNAL_UNAVAILABLE'));
  }
  const isAudited = mayGoUnaudited || (await decision.audited);
  if (!isOpen(row.state)) return { kind: 'finished', clientOrderId, state: row.state };
  const late = desk.deposed() ?? (isAudited ? lateDenial(desk, row, order) : notAudited());
  if (late !== undefined) return await abandon(desk, clientOrderId, late);
  const answer = await answerInTime(
    desk.clock,
    desk.venueTimeoutMs,
    (signal) => desk.sendAmended(order, signal),
    (reply) => {
      const event = replyEvent(desk, order, { kind: 'answer', value: reply });
      if (event === undefined) return;
      // What is not waited for any more may have been overtaken: which terms are in force, only the venue can tell now.
      if (row.amendment === to) void desk.record(event);
      else if (event.type === 'amended') desk.ask(clientOrderId);
    },
  );
  const event = replyEvent(desk, order, answer);
  if (event === undefined) {
    desk.watch(clientOrderId);
    const reason = answer.kind === 'none' ? answer.reason : 'the answer makes no sense';
    return { kind: 'unknown', clientOrderId, reason };
  }
  if (!(await desk.record(event))) {
    return { kind: 'unknown', clientOrderId, reason: 'the answer could not be written down' };
  }
  if (event.type === 'amended') return { kind: 'amended', clientOrderId };
  return { kind: 'rejected', clientOrderId, reason: event.reason };
}

const denied = (clientOrderId: string, denial: Denial): AmendOutcome => ({
  kind: 'denied',
  clientOrderId,
  denials: [denial],
});

/** What has happened while it was being written down. */
function lateDenial(desk: AmendDesk, { state, cumulative }: OrderView, order: HeldOrder): Denial | undefined {
  if (state !== 'working') return deny('confirm', 'AMEND_NOT_WORKING', { measured: state });
  if (cumulative >= order.qty) {
    return deny('confirm', 'AMEND_BELOW_FILLED', { measured: order.qty, limit: cumulative });
  }
  return desk.confirm(order);
}

/** It never left: the order is as it was. */
async function abandon(desk: AmendDesk, clientOrderId: string, because: Denial): Promise<AmendOutcome> {
  const { code } = because;
  await desk.record({ type: 'amendFailed', clientOrderId, atMs: desk.clock.nowMs(), reason: code });
  return denied(clientOrderId, because);
}

function replyEvent(
  desk: AmendDesk,
  { clientOrderId, qty, worst }: HeldOrder,
  answer: Answer<AmendReply>,
): (OrderEvent & { type: 'amended' | 'amendFailed' }) | undefined {
  if (answer.kind === 'none') return undefined;
  const about = { clientOrderId, atMs: desk.clock.nowMs() };
  const reply = answer.value as Partial<AmendReply> | null | undefined; // adapters are not ours to trust
  if (reply?.status === 'amended') return { type: 'amended', ...about, qty, worst };
  if (reply?.status !== 'rejected') return undefined;
  const reason: unknown = reply.reason;
  return { type: 'amendFailed', ...about, reason: typeof reason === 'string' ? reason : 'no reason given' };
}
