// One of two processes trades. It stops in order, and the other one need not wait; it dies, and the other one does.
import { ManualClock } from 'portcullis/core';
import { Lease, type LeaseHold, MemoryStateSignals } from 'portcullis/storage';
import { SharedServer, pass } from './support/shared-server.ts';

const clock = new ManualClock();
const [store, signals] = [new SharedServer(), new MemoryStateSignals()];
const holds = new Map<string, LeaseHold>();

function standBy(owner: string): void {
  const info = { url: `http://127.0.0.1/${owner}` };
  const lease = new Lease({ name: 'desk:main', owner, ttlMs: 1_200, info }, { store, signals, clock });
  void lease.acquire().then((hold) => {
    holds.set(owner, hold);
    console.log(`${owner} trades after ${clock.monotonicMs()} ms, token ${hold.token}`);
  });
}
standBy('trading-1');
await pass(clock, 100);
standBy('trading-2');
await pass(clock, 2_900); // nobody knows who had it before: it is waited for

await holds.get('trading-1')?.release(); // an orderly stop
await pass(clock, 2_000);

store.isAway = true; // trading-2 loses its store; so it would be if it were killed
await pass(clock, 600);
const held = (): boolean | undefined => holds.get('trading-2')?.isHeld();
console.log(`600 ms without a store, trading-2 may trade: ${String(held())}`);
await pass(clock, 600);
console.log(`1200 ms without a store, trading-2 may trade: ${String(held())}`);
standBy('trading-3');
store.isAway = false;
await pass(clock, 3_000);
