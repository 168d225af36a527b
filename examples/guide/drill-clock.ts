// The wall clock jumps: the lease and the age of what is shared go by the monotonic one, and do not notice.
import { ManualClock } from 'portcullis/core';
import { KillSwitch, SharedKillSwitch } from 'portcullis/risk';
import { Lease, MemoryStateStore } from 'portcullis/storage';
import { SharedServer, pass } from './support/shared-server.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 21));
const store = new SharedServer();
const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
const shared = await SharedKillSwitch.open({ killSwitch, store, clock });
const holding = new Lease(
  { name: 'desk:main', owner: 'trading-1', ttlMs: 1_200 },
  { store, clock },
).acquire();
await pass(clock, 4_000);
const hold = await holding;

const hourMs = 3_600_000;
for (const jumpMs of [hourMs, -2 * hourMs]) {
  clock.jump(jumpMs);
  await pass(clock, 2_000);
  const at = new Date(clock.nowMs()).toISOString();
  console.log(`${at}: lease held ${hold.isHeld()}, kill switch ${shared.status.link}`);
}
