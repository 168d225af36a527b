import type { PlaceReply } from '../../src/desk/venue/venue-driver.ts';
import type { OrderOutcome } from '../../src/trading/index.ts';
import { type AmendScript, accept, never, reject } from '../support/scripted-driver.ts';
import { orderOf } from './scenario-order.ts';
import { type Commands, outcomeText, said, tell } from './scenario-verdict.ts';
import { type Words, spanOf } from './scenario-words.ts';
import { type ScenarioWorld, VENUE_TIMEOUT_MS } from './scenario-world.ts';

/** Submits, while the venue does not answer. */
async function send(world: ScenarioWorld, words: Words): Promise<string> {
  const { driver } = world.venue;
  const intent = orderOf(words);
  const reply = Promise.withResolvers<PlaceReply>();
  driver.onPlace = () => reply.promise;
  const outcome = world.submit(intent);
  world.owed.set(intent.intentId, { reply, outcome, isLate: false });
  let early: OrderOutcome | undefined;
  void outcome.then((value) => (early = value));
  await world.settle();
  if (early !== undefined) world.owed.delete(intent.intentId);
  return outcomeText(early);
}

/** The venue's word on an order: the answer that is still owed, in time or late, or an event. */
async function answer(world: ScenarioWorld, name: string, reply: PlaceReply, event: object): Promise<string> {
  const open = world.owed.get(name);
  if (open === undefined) return tell(world, name, event);
  world.owed.delete(name);
  open.reply.resolve(reply);
  if (!open.isLate) return outcomeText(await world.outcome(open.outcome));
  await world.settle();
  return world.book.order(world.idOf(name))?.state ?? 'ignored';
}

const lateBy =
  ({ clock }: ScenarioWorld, ms: number): AmendScript =>
  async () => {
    await clock.sleep(ms);
    return { status: 'amended' };
  };

/** What a trader asks for, and how the venue answers. */
export const ORDER_COMMANDS: Commands = {
  ORDER: async (world, words) => {
    world.venue.driver.onPlace = accept;
    const intent = orderOf(words);
    const outcome = world.submit(intent);
    return outcomeText(await world.outcome(outcome));
  },
  SEND: send,
  TIMEOUT: async (world, words) => {
    const name = words.peek();
    if (world.owed.has(name)) words.next('the name of an order');
    else {
      const early = await send(world, words);
      if (early !== 'sent') return early;
    }
    const open = world.owed.get(name);
    if (open !== undefined) open.isLate = true;
    const clientOrderId = world.idOf(name);
    if (words.has('arrived'))
      world.venue.driver.memory.told({ type: 'accepted', clientOrderId }, world.clock.nowMs());
    await world.pass(VENUE_TIMEOUT_MS);
    return outcomeText(open === undefined ? undefined : await world.outcome(open.outcome));
  },
  ACK: (world, words) =>
    answer(world, words.next('the name of an order'), { status: 'accepted' }, { type: 'accepted' }),
  REJECT: async (world, words) => {
    const name = words.peek();
    if (words.count > 1) {
      world.venue.driver.onPlace = reject();
      return outcomeText(await world.outcome(world.submit(orderOf(words))));
    }
    words.next('the name of an order');
    const reason = 'no';
    return answer(world, name, { status: 'rejected', reason }, { type: 'rejected', reason });
  },
  CANCEL: async (world, words) => {
    const id = world.idOf(words.next('the name of an order'));
    if (words.has('refused')) world.venue.driver.onCancel = () => Promise.reject(new Error('too late'));
    else world.venue.takeCancels();
    const outcome = await world.outcome(world.desk.cancel(id));
    world.venue.takeCancels();
    return outcome?.kind ?? 'sent';
  },
  AMEND: async (world, words) => {
    const id = world.idOf(words.next('the name of an order'));
    const quantity = words.number();
    const limit = words.after('at');
    const pending = words.has('pending');
    const late = words.after('late');
    const { driver } = world.venue;
    if (words.has('refused')) driver.onAmend = () => Promise.resolve({ status: 'rejected', reason: 'no' });
    else if (words.has('unanswered') || pending) driver.onAmend = never;
    else if (late !== undefined) driver.onAmend = lateBy(world, spanOf(late));
    else driver.onAmend = () => Promise.resolve({ status: 'amended' });
    const change = { ...(quantity !== undefined && { quantity }), ...(limit !== undefined && { limit }) };
    const amending = world.desk.amend(id, change);
    if (pending) {
      await world.settle();
      return 'sent';
    }
    const outcome = await world.outcome(amending);
    if (outcome?.kind !== 'denied') return outcome?.kind ?? 'sent';
    return said('denied', ...new Set(outcome.denials.map(({ code }) => code)));
  },
};
