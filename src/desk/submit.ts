import type { Clock } from '../core/clock.ts';
import type { SignedOverride } from '../risk/overrides/override.ts';
import type { SpentOverride } from '../risk/overrides/override-register.ts';
import { type Denial, deny } from '../trading/denial.ts';
import type { HeldOrder, OrderEvent } from '../trading/order-event.ts';
import { type OrderIntent, copyIntent } from '../trading/order-intent.ts';
import type { OrderOutcome } from '../trading/order-outcome.ts';
import { type Answer, answerInTime } from './answer-in-time.ts';
import { notAudited } from './desk-audit.ts';
import type { Decision, Older } from './order-path.ts';
import type { AtMost, Prevented } from './self-trade.ts';
import type { PlaceReply } from './venue/venue-driver.ts';
import { messageOf } from '../core/message-of.ts';

/** A decision; what is held is being written down, and must not go out before it is. */
export type SubmitDecision =
  | Exclude<Decision, { kind: 'held' }>
  | (Extract<Decision, { kind: 'held' }> & {
      readonly written: Promise<unknown>;
      /** Whether all of the decision that has to be audited is. Never rejects. */
      readonly audited: Promise<boolean>;
    });

/** What an order may be given along. */
export interface SubmitOptions {
  /** Lets it pass optional limits, once, as `signOverride` makes it. An order that exists already takes none. */
  readonly override?: SignedOverride | undefined;
}

/** What the verb needs of its desk. */
export interface SubmitDesk {
  readonly clock: Pick<Clock, 'nowMs' | 'deadline'>;
  readonly venueTimeoutMs: number;
  /** Looks for an order of days ago, where the id of the intent may be one; a denial when nobody can say. Never rejects. */
  older(intent: OrderIntent): Promise<Older> | undefined;
  /** Spends an override; `undefined` when there is nothing to decide, a denial when it is not valid. Never rejects. */
  spendOverride(intent: OrderIntent, override: SignedOverride): Promise<SpentOverride | Denial | undefined>;
  /** Clears the way for an order that would trade with our own; `undefined` where there is nothing to do. Never rejects. */
  preventSelfTrade(
    intent: OrderIntent,
    overridden: ReadonlySet<string> | undefined,
  ): Promise<Prevented> | undefined;
  decide(intent: OrderIntent, older: Older, override?: SpentOverride, atMost?: AtMost): SubmitDecision;
  /** Why nothing is sent or written any more, if so. */
  deposed(): Denial | undefined;
  /** The last look, in the tick of the send. */
  confirm(order: HeldOrder): Denial | undefined;
  /** Seals the order and hands it to the venue, once. */
  send(order: HeldOrder, signal: AbortSignal): Promise<PlaceReply>;
  /** Counts an event at once; resolves to whether it is on disk. */
  record(event: OrderEvent): Promise<boolean>;
}

/** The way of an order. After the send it never throws. */
export async function submit(
  desk: SubmitDesk,
  asked: OrderIntent,
  { override }: SubmitOptions = {},
): Promise<OrderOutcome> {
  // What is looked at while the override is being spent must be what is decided then.
  const intent = override === undefined ? asked : copyIntent(asked);
  const looking = desk.older(intent);
  const older = looking === undefined ? undefined : await looking;
  const spent =
    override === undefined || older !== undefined ? undefined : await desk.spendOverride(intent, override);
  const refused = spent !== undefined && 'code' in spent ? spent : undefined;
  const permit = spent !== undefined && 'code' in spent ? undefined : spent;
  const clearing =
    older === undefined && refused === undefined ? desk.preventSelfTrade(intent, permit?.gates) : undefined;
  const cleared = clearing === undefined ? undefined : await clearing;
  // Clearing the way takes as long as the venue may take: what was signed ends when it says so.
  const expired = permit === undefined ? undefined : expiry(desk.clock.nowMs(), permit);
  const because = refused ?? expired ?? older;
  const decision = desk.decide(cleared?.intent ?? intent, because, permit, cleared?.atMost);
  if (decision.kind === 'denied') return decision;
  if (decision.kind === 'duplicate') {
    const { order, state } = decision.known;
    return { kind: 'duplicate', clientOrderId: order.clientOrderId, state };
  }
  const { order, reduced } = decision;
  const unrecorded = await recording(decision);
  if (unrecorded !== undefined) return abandon(desk, order, desk.deposed() ?? unrecorded);
  const late = desk.confirm(order);
  if (late !== undefined) return abandon(desk, order, late);
  const answer = await answerInTime(
    desk.clock,
    desk.venueTimeoutMs,
    (signal) => desk.send(order, signal),
    (reply) => void desk.record(replyEvent(desk, order, { kind: 'answer', value: reply })),
  );
  const event = replyEvent(desk, order, answer);
  const durable = await desk.record(event);
  return outcome(order, reduced, durable ? event : undefined);
}

/** Waits for journal and audit log, which write at the same time. An exit is not held up by what is only audited. */
async function recording({
  order,
  written,
  audited,
}: Extract<SubmitDecision, { kind: 'held' }>): Promise<Denial | undefined> {
  try {
    await written;
  } catch (error) {
    return deny('journal', 'JOURNAL_UNAVAILABLE', { note: messageOf(error) });
  }
  return order.isExit || (await audited) ? undefined : notAudited();
}

function expiry(nowMs: number, { expiresAtMs }: SpentOverride): Denial | undefined {
  if (nowMs < expiresAtMs) return undefined;
  return deny('override', 'OVERRIDE_INVALID', { note: `expired ${nowMs - expiresAtMs} ms ago` });
}

/** It never left: the hold ends, and the record says so. */
async function abandon(desk: SubmitDesk, order: HeldOrder, because: Denial): Promise<OrderOutcome> {
  await desk.record({
    type: 'abandoned',
    clientOrderId: order.clientOrderId,
    atMs: desk.clock.nowMs(),
    because,
  });
  return { kind: 'denied', denials: [because] };
}

function replyEvent(desk: SubmitDesk, { clientOrderId }: HeldOrder, answer: Answer<PlaceReply>): OrderEvent {
  const about = { clientOrderId, atMs: desk.clock.nowMs() };
  if (answer.kind === 'none') return { type: 'timedOut', ...about, reason: answer.reason };
  const reply = answer.value as Partial<PlaceReply> | null | undefined; // adapters are not ours to trust
  if (reply?.status === 'rejected') {
    const reason: unknown = reply.reason;
    return { type: 'rejected', ...about, reason: typeof reason === 'string' ? reason : 'no reason given' };
  }
  if (reply?.status !== 'accepted')
    return { type: 'timedOut', ...about, reason: 'the answer makes no sense' };
  const { venueOrderId } = reply;
  return typeof venueOrderId === 'string'
    ? { type: 'accepted', ...about, venueOrderId }
    : { type: 'accepted', ...about };
}

function outcome(
  { clientOrderId, qty }: HeldOrder,
  reduced: Denial | undefined,
  event: OrderEvent | undefined,
): OrderOutcome {
  switch (event?.type) {
    case 'accepted':
      return {
        kind: 'accepted',
        clientOrderId,
        quantity: qty,
        ...(reduced === undefined ? {} : { reduced }),
      };
    case 'rejected':
      return { kind: 'rejected', clientOrderId, reason: event.reason };
    case 'timedOut':
      return { kind: 'unknown', clientOrderId, reason: event.reason };
    default:
      return { kind: 'unknown', clientOrderId, reason: 'the answer could not be written down' };
  }
}
