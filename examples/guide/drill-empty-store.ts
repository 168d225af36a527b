// The server comes back empty, and nobody takes that for "nothing is tripped" or "nobody trades".
import { ManualClock, person, system } from 'portcullis/core';
import { KillSwitch, SharedKillSwitch } from 'portcullis/risk';
import { Lease, MemoryStateStore } from 'portcullis/storage';
import { SharedServer, pass } from './support/shared-server.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 21));
const store = new SharedServer();

async function join() {
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  return { killSwitch, shared: await SharedKillSwitch.open({ killSwitch, store, clock }) };
}
const [risk, trading] = [await join(), await join()];
const lease = (owner: string) => new Lease({ name: 'desk:main', owner, ttlMs: 1_200 }, { store, clock });
const holding = lease('trading-1').acquire();
await pass(clock, 4_000);
const hold = await holding;
const scope = { kind: 'account', id: 'main' } as const;
void risk.killSwitch.trip({ scope, to: 'reducing', reason: 'drill', by: system('watchdog') });
await pass(clock, 1_000);
const show = (when: string): void => {
  console.log(`${when}: lease held ${hold.isHeld()}, ${trading.shared.status.link}`);
  for (const { scope: where, state } of trading.killSwitch.records()) console.log(`  ${where.kind} ${state}`);
};
show('before');

store.forget();
hold.onLost((why) => {
  console.log(`  lease lost: ${why}`);
});
const next = lease('trading-2').acquire();
const emptiedMs = clock.monotonicMs();
void next.then(() => {
  console.log(`  trading-2 has the lease ${clock.monotonicMs() - emptiedMs} ms later`);
});
await pass(clock, 500);
show('half a second after');
await pass(clock, 4_000);
show('4.5 seconds after');
await trading.shared.release({ scope, confirm: 'account:main', reason: 'drill', by: person('ada') });
await pass(clock, 1_000);
show('released');
