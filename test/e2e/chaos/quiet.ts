import { setTimeout as sleep } from 'node:timers/promises';
import type { GroupStatus } from 'portcullis/events';
import { ask } from './ask.ts';
import { fateAtExchange } from './check/orders.ts';
import type { ClusterProcess } from './cluster-process.ts';
import type { ExchangeTail } from './exchange-tail.ts';
import type { KillSwitchDrill } from './kill-switch-drill.ts';
import type { OrderClient } from './order-client.ts';
import type { SignalRepeater } from './signal-repeater.ts';
import { TOKENS } from './system-config.ts';

export interface Quietening {
  readonly cluster: ClusterProcess;
  readonly client: OrderClient;
  readonly drill: KillSwitchDrill;
  readonly repeater: SignalRepeater;
  readonly exchange: ExchangeTail;
}

const ANSWERED_WITHIN_MS = 60_000;
const CANCELLED_WITHIN_MS = 90_000;
const TOLD_WITHIN_MS = 60_000;
const AGAIN_MS = 300;
/** Behind the last fill there may be events of the account. */
const TAIL_MS = 2_000;

/** No more orders: the last answers are in, all is tripped for good, nothing is open, and the history has been told. */
export async function quiet(
  world: Quietening,
): Promise<{ readonly groups: readonly GroupStatus[]; readonly stuck: readonly string[] }> {
  const { cluster, client, drill, exchange, repeater } = world;
  const stuck: string[] = [];
  if (!(await cluster.recovered(ANSWERED_WITHIN_MS))) stuck.push('not all was ready in the end');
  await client.stop(ANSWERED_WITHIN_MS);
  await drill.trip('the end');
  if (!(await until(CANCELLED_WITHIN_MS, () => nothingOpen(cluster, exchange))))
    stuck.push('orders stayed open');
  const untold = await toldInFull(cluster, exchange);
  if (untold !== undefined) stuck.push(untold);
  await sleep(TAIL_MS);
  let groups: readonly GroupStatus[] = [];
  await until(TOLD_WITHIN_MS, async () => {
    groups = await repeater.groups();
    return groups
      .filter(({ group }) => group === 'portfolio')
      .every(({ lag = 0, pending }) => lag + pending === 0);
  });
  return { groups, stuck };
}

async function until(withinMs: number, isDone: () => Promise<boolean>): Promise<boolean> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    if (await isDone().catch(() => false)) return true;
    await sleep(AGAIN_MS);
  }
  return false;
}

/** Asks for the end of what is open. */
async function nothingOpen(cluster: ClusterProcess, exchange: ExchangeTail): Promise<boolean> {
  const orders = [...exchange.record().orders.values()];
  const open = orders.filter((one) => one.terms !== undefined && fateAtExchange(one) === 'open');
  const active = await cluster.active();
  if (active === undefined) return false;
  for (const { clientOrderId } of open)
    await ask(`${active.url}/orders/${clientOrderId}`, { method: 'DELETE', token: TOKENS.client }).catch(
      () => undefined,
    );
  return open.length === 0 && active.working === 0 && active.inDoubt === 0;
}

/** Waits until the history has as many fills as the exchange, as long as it gets any. @returns why not */
async function toldInFull(cluster: ClusterProcess, exchange: ExchangeTail): Promise<string | undefined> {
  const wanted = [...exchange.record().orders.values()].reduce((sum, { fills }) => sum + fills.length, 0);
  let told = -1;
  const hasMore = async (): Promise<boolean> => {
    const before = told;
    told = Math.max(told, await fillsTold(cluster));
    return told > before;
  };
  while (told < wanted)
    if (!(await until(TOLD_WITHIN_MS, hasMore)))
      return `the history has ${told} of ${wanted} fills, and none more within ${TOLD_WITHIN_MS} ms`;
  return undefined;
}

async function fillsTold(cluster: ClusterProcess): Promise<number> {
  const url = (await cluster.child('portfolio'))?.url ?? '';
  let count = 0;
  for (let cursor: string | undefined; ;) {
    const query = `limit=1000${cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`}`;
    const { fills, next } = await ask<{ fills: object[]; next?: string }>(`${url}/fills?${query}`);
    count += fills.length;
    cursor = next;
    if (cursor === undefined) return count;
  }
}
