import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from '../cluster/ask.ts';
import type { SupervisedCluster } from '../cluster/supervised-cluster.ts';
import { TOKENS } from '../cluster/system-config.ts';
import type { OrderRequests } from '../generator/order-request.ts';
import { until } from '../within.ts';

/** Milliseconds from the answer of the risk service to a trip; below 0: it was there before the answer. */
export interface Propagation {
  /** Until the process that trades says that it is not active. */
  readonly state: number;
  /** Until it denies an entry. */
  readonly denied: number;
  /** The same, from when the trip was asked for. */
  readonly deniedFromAsk: number;
}

export const PROPAGATION_PARTS = [
  'state',
  'denied',
  'deniedFromAsk',
] as const satisfies readonly (keyof Propagation)[];

const READY_WITHIN_MS = 45_000;
const SEEN_WITHIN_MS = 10_000;
/** A trip at any moment between two looks. */
const LOOK_MS = 500;
const PAUSE_MS = 1;

/** Trips the firm in the risk service, and waits until an entry is denied; then a person releases it. */
export async function propagationRound(
  cluster: SupervisedCluster,
  orders: OrderRequests,
): Promise<Propagation> {
  const { active } = await cluster.both(READY_WITHIN_MS);
  const risk = await cluster.urlOf('risk');
  await sleep(Math.random() * LOOK_MS);
  const stateMs = until(SEEN_WITHIN_MS, 'the state to change', PAUSE_MS, async () => {
    const { body } = await ask(`${active.url}/status`);
    return body['tradingState'] === 'active' ? undefined : performance.now();
  });
  const deniedMs = until(SEEN_WITHIN_MS, 'an entry to be denied', PAUSE_MS, async () => {
    // Bought again and again: an entry each time.
    const { body } = await ask(`${active.url}/orders`, { ...orders.next(), side: 'buy' });
    const codes = ((body['denials'] ?? []) as { readonly gate: string }[]).map(({ gate }) => gate);
    return codes.includes('kill-switch') ? performance.now() : undefined;
  });
  const seen = Promise.all([stateMs, deniedMs]);
  seen.catch(() => undefined);
  await sleep(20);
  const askedMs = performance.now();
  const tripped = await ask(`${risk}/kill-switch/trip`, { to: 'reducing', reason: 'load: propagation' });
  const answeredMs = performance.now();
  if (tripped.status !== 200) throw new Error(`trip: ${tripped.status} ${JSON.stringify(tripped.body)}`);
  const [state, denied] = await seen;
  await until(READY_WITHIN_MS, 'the release', 100, async () => {
    const order = { scope: { kind: 'firm' }, confirm: 'firm', reason: 'load: measured' };
    const { status, body } = await ask(`${risk}/kill-switch/release`, order, { token: TOKENS.person });
    if (status !== 200) throw new Error(JSON.stringify(body));
    return true;
  });
  return { state: state - answeredMs, denied: denied - answeredMs, deniedFromAsk: denied - askedMs };
}
