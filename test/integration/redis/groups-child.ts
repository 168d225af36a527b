// A member of a group in a process of its own: `node groups-child.ts <url> <options>`. Says what it does on its standard output.
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SubscribeOptions } from '../../../src/events/index.ts';
import { TICK, openGroups } from './groups-world.ts';

export interface ChildOptions {
  readonly leaseMs: number;
  readonly partitions: number;
  readonly handleMs: number;
  readonly rules?: SubscribeOptions;
}

const [, , url = '', json = '{}'] = process.argv;
const { leaseMs, partitions, handleMs, rules } = JSON.parse(json) as ChildOptions;
const say = (what: object): void => {
  const atUs = Number(process.hrtime.bigint() / 1000n); // the same clock in all processes
  writeSync(1, `${JSON.stringify({ pid: process.pid, atUs, ...what })}\n`);
};
const world = await openGroups(url, { leaseMs, partitions });
const subscription = world.groups.subscribe(
  'risk',
  [TICK],
  async (event, { attempt, position }) => {
    const { symbol, n } = event.data as { symbol: string; n: number };
    say({ kind: 'start', symbol, n, attempt, position });
    if (symbol === 'KILL') process.kill(process.pid, 'SIGKILL');
    await sleep(handleMs);
    say({ kind: 'end', symbol, n, attempt, position });
  },
  rules ?? {},
);
await subscription.ready;
say({ kind: 'ready' });
process.once('SIGTERM', () => {
  void world.close().then(() => {
    say({ kind: 'stopped' });
    process.exit(0);
  });
});
