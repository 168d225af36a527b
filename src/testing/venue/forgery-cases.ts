import assert from 'node:assert/strict';
import type { Clock } from '../../core/clock.ts';
import { Venue } from '../../desk/order-desk.ts';
import type { DeskSession } from './desk-session.ts';
import { sealsInMemory } from './seals-in-memory.ts';
import { deskCase } from './session-case.ts';
import { Witness } from './witness.ts';

type Method = (this: Venue, ...given: readonly unknown[]) => unknown;

/** Every method of a venue but `cancel`, which is never blocked and can only end an order. */
const METHODS = Object.entries(Object.getOwnPropertyDescriptors(Venue.prototype)).flatMap(
  ([name, { value }]) =>
    typeof value === 'function' && name !== 'constructor' && name !== 'cancel'
      ? [{ name, method: value as Method }]
      : [],
);

/** What came of handing something to a method: the code of the error, or that there was none. */
async function attack(venue: Venue, method: Method, given: readonly unknown[]): Promise<string> {
  try {
    await method.call(venue, ...given);
    return 'no error';
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

/** What looks like a sealed order and is none. */
function forgeriesOf(session: DeskSession): readonly unknown[] {
  const order = session.order('forged');
  class Sealed {
    readonly #order = order;
    readonly #spent = false;
    show(): unknown {
      return [this.#order, this.#spent];
    }
  }
  return [
    order,
    { ...order },
    { order, spent: false },
    new Sealed(),
    Object.create(Venue.prototype),
    new Proxy({ ...order }, {}),
    new Proxy({}, { get: () => true, has: () => true }),
    () => order,
    [order],
    JSON.stringify(order),
    order.clientOrderId,
    {},
    undefined,
    null,
  ];
}

/** What can be made of a real seal without being one. */
const copiesOf = (seal: object, order: object): readonly unknown[] => [
  { ...seal },
  { ...seal, ...order },
  Object.assign({}, seal, order),
  structuredClone(seal),
  Object.create(seal),
  Object.create(Object.getPrototypeOf(seal) as object),
  Object.setPrototypeOf({ ...order }, Object.getPrototypeOf(seal) as object),
  new Proxy(seal, {}),
  new Proxy(seal, { get: (at, key) => Reflect.get(at, key) as unknown, has: () => true }),
  Reflect.construct(Object, [], seal.constructor),
];

/**
 * Submits an order, and calls `work` with all seals that there are, the unspent one of that order among them, in the tick
 * in which it is sent.
 */
async function atTheSend(
  session: DeskSession,
  name: string,
  work: (seals: readonly object[]) => void,
): Promise<void> {
  const clock = session.subject.clock as { monotonicMs: Clock['monotonicMs'] };
  const own = Object.getOwnPropertyDescriptor(clock, 'monotonicMs');
  const monotonicMs = clock.monotonicMs.bind(clock);
  let seen = false;
  clock.monotonicMs = () => {
    const nowMs = monotonicMs(); // before: looking for seals takes longer than a seal lasts
    // A venue asks for the time when it has been handed the seal and has not opened it yet.
    if (!seen && /\b_*Venue\d*\.submit\b/.test(new Error().stack ?? '')) {
      seen = true;
      work(sealsInMemory());
    }
    return nowMs;
  };
  try {
    await session.accepted(name);
  } finally {
    if (own === undefined) Reflect.deleteProperty(clock, 'monotonicMs');
    else Object.defineProperty(clock, 'monotonicMs', own);
  }
  assert.ok(seen, 'no seal was seen');
}

/** The methods that send orders: those that refuse what is not sealed. */
async function sending(venue: Venue): Promise<typeof METHODS> {
  const aborted = AbortSignal.abort(new Error('only a question'));
  const refusing = await Promise.all(
    METHODS.map(async ({ method }) => (await attack(venue, method, [{}, aborted])) === 'SEAL_FORGED'),
  );
  return METHODS.filter((_, n) => refusing[n]);
}

/** Nothing reaches a driver but what its desk has sealed. */
export const forgeryCases = [
  ...METHODS.map(({ name, method }) =>
    deskCase(`forged orders do not pass: ${name}`, async (session) => {
      await session.quote();
      const { signal, venue } = session;
      const sends = (await sending(venue)).some((one) => one.name === name);
      for (const forged of forgeriesOf(session)) {
        const others = [
          [forged, forged],
          [session.order('forged'), forged, signal],
          [signal, forged],
          [forged],
        ];
        for (const given of [[forged, signal], ...(sends ? others : [])]) {
          const ended = await session.arrives(attack(venue, method, given));
          if (sends) assert.equal(ended, 'SEAL_FORGED');
        }
      }
      assert.deepEqual([session.driver.placed, session.driver.amended], [[], []]);
      assert.equal((await session.openOrders()).size, 0);
    }),
  ),
  deskCase('copies, replays and strangers’ seals do not pass', async (session) => {
    await session.quote();
    const { signal, venue, subject } = session;
    using other = new Witness(subject.driver, subject.instrument);
    const elsewhere = new Venue(other);
    const methods = await sending(venue);
    assert.ok(methods.some(({ name }) => name === 'submit'));
    const copies: Promise<string>[] = [];
    const strangers: Promise<string>[] = [];
    const misused: Promise<string>[] = [];
    let seals: readonly object[] = [];
    await atTheSend(session, 'real', (found) => {
      seals = found;
      for (const seal of found) {
        for (const { name, method } of methods) {
          for (const copy of copiesOf(seal, session.order('forged')))
            copies.push(attack(venue, method, [copy, signal]));
          strangers.push(attack(elsewhere, method, [seal, signal]));
          if (name !== 'submit') misused.push(attack(venue, method, [seal, signal]));
        }
      }
    });
    const ended = (tries: readonly Promise<string>[]) => session.arrives(Promise.all(tries));
    assert.deepEqual(new Set(await ended(copies)), new Set(['SEAL_FORGED']));
    const abroad = await ended(strangers);
    assert.ok(abroad.includes('SEAL_WRONG_VENUE'), 'the real seal was not among those found');
    assert.ok(abroad.every((code) => /^SEAL_(WRONG_VENUE|SPENT)$/.test(code)));
    // Seals of other sessions may be among them, spent or not.
    assert.ok((await ended(misused)).every((code) => /^SEAL_(FORGED|WRONG_VENUE|SPENT)$/.test(code)));
    const replays = seals.flatMap((seal) =>
      methods.map(({ method }) => attack(venue, method, [seal, signal])),
    );
    assert.ok((await ended(replays)).every((code) => /^SEAL_(WRONG_VENUE|SPENT)$/.test(code)));
    assert.deepEqual(session.driver.placed, [session.order('real')]);
    assert.deepEqual([session.driver.amended, other.placed, other.amended], [[], [], []]);
    await session.quiet();
    assert.deepEqual([...(await session.openOrders()).keys()], [session.id('real')]);
  }),
];
