// A trip in one process is obeyed in all; what nobody can say counts as tripped; only a person loosens.
import { ManualClock, person, system } from 'portcullis/core';
import { FIRM, KillSwitch, SharedKillSwitch } from 'portcullis/risk';
import { MemoryStateSignals, MemoryStateStore } from 'portcullis/storage';
import { SharedServer, pass } from './support/shared-server.ts';

const clock = new ManualClock(Date.UTC(2026, 10, 21));
const [store, signals] = [new SharedServer(), new MemoryStateSignals()];

/** What each process has: its own record on its own disk, which orders ask, and what keeps it in step. */
async function join() {
  const killSwitch = await KillSwitch.open({ store: new MemoryStateStore({ clock }), clock }, true);
  const shared = await SharedKillSwitch.open({ killSwitch, store, signals, clock }, { maxAgeMs: 3_000 });
  return { killSwitch, shared };
}
const [risk, trading] = [await join(), await join()];
const show = (when: string): void => {
  const { killSwitch } = trading;
  console.log(`${when}: ${killSwitch.whyRestricted() ?? killSwitch.tradingState()}`);
};
await pass(clock, 4_000); // the entry is new: whoever knows something writes it first
show('in step');

void risk.killSwitch.trip({ to: 'halted', reason: 'drill', by: system('watchdog') });
await pass(clock, 10);
show('10 ms after a trip elsewhere');

const scope = { scope: FIRM, confirm: 'firm', reason: 'over' } as const;
await risk.shared.release({ ...scope, by: system('watchdog') }).catch((error: unknown) => {
  console.log(error instanceof Error && error.message);
});
await risk.shared.release({ ...scope, by: person('ada') });
await pass(clock, 10);
show('released');

store.isAway = true;
await pass(clock, 4_000);
show('4 s without the server');
store.isAway = false;
await pass(clock, 1_000);
show('back');
