import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../cluster/ask.ts';
import type { SupervisedCluster } from '../cluster/supervised-cluster.ts';
import type { OrderRequests } from '../generator/order-request.ts';
import { until } from '../within.ts';

/** Milliseconds from kill -9 of the process that trades. */
export interface Takeover {
  /** Until the other one takes an order: it goes through all gates to the venue. */
  readonly accepted: number;
  /** Until it answers 200, also where gates deny. */
  readonly answered: number;
  /** The parts of it: until the lease is held; files, book and limits; orders and positions compared with the venue's. */
  readonly lease: number;
  readonly open: number;
  readonly replay: number;
  readonly reconcile: number;
  readonly signals: number;
  /** From then to the first order that is taken. */
  readonly first: number;
}

export const TAKEOVER_PARTS = [
  ...(['accepted', 'answered', 'lease', 'open', 'replay'] as const),
  ...(['reconcile', 'signals', 'first'] as const),
] as const satisfies readonly (keyof Takeover)[];

/** So that the supervisor does not give up a process that is killed again and again. */
const ROUND_EVERY_MS = 8_000;
const READY_WITHIN_MS = 45_000;
const TAKEN_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 5;
const ORDERS_BEFORE = 20;

/** Kills the process that trades, and waits until the other one does. */
export async function takeoverRound(cluster: SupervisedCluster, orders: OrderRequests): Promise<Takeover> {
  const beganMs = performance.now();
  const { active, standby } = await cluster.both(READY_WITHIN_MS);
  await Promise.all(
    Array.from({ length: ORDERS_BEFORE }, () =>
      ask(`${active.url}/orders`, { ...orders.next(), side: 'buy' }),
    ),
  );
  const known = cluster.opened.length;
  const killedMs = Date.now();
  const killed = performance.now();
  process.kill(active.pid, 'SIGKILL');
  let answered = Infinity;
  const accepted = await until(TAKEN_WITHIN_MS, 'an order to be taken', ASK_EVERY_MS, async () => {
    const { status, body } = await ask(`${standby.url}/orders`, { ...orders.next(), side: 'buy' });
    const ms = performance.now() - killed;
    if (status === 200) answered = Math.min(answered, ms);
    return status === 200 && body['kind'] === 'accepted' ? ms : undefined;
  });
  const opened = await until(READY_WITHIN_MS, 'the log line of the one that trades', 50, () =>
    cluster.opened.slice(known).find(({ name }) => name === standby.name),
  );
  const { storage, journal, reconcile, signals } = opened.tookMs;
  const tradesMs = opened.atMs - killedMs;
  await sleep(Math.max(0, beganMs + ROUND_EVERY_MS - performance.now()));
  return {
    ...{ accepted, answered, open: storage, replay: journal, reconcile, signals },
    lease: tradesMs - storage - journal - reconcile - signals,
    first: accepted - tradesMs,
  };
}
