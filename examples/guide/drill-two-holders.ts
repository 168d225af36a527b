// A failover loses a write that was acknowledged: for a moment two hold the lease. What a token is for.
import { ManualClock } from 'portcullis/core';
import { Lease, type LeaseHold } from 'portcullis/storage';
import { SharedServer, pass } from './support/shared-server.ts';

const clock = new ManualClock();
const store = new SharedServer();
const take = async (owner: string): Promise<LeaseHold> => {
  const holding = new Lease({ name: 'desk:main', owner, ttlMs: 1_200 }, { store, clock }).acquire();
  await pass(clock, 1_300);
  return holding;
};

/** What refuses old tokens, as `PostgresAppendLog` does within the statement that writes. */
let newest = 0;
const write = (who: string, { token }: LeaseHold): void => {
  newest = Math.max(newest, token);
  console.log(`${who} writes under token ${token}: ${token === newest ? 'written' : 'LOG_FENCED'}`);
};

await (await take('before')).release();
store.backUp(); // what the replica has: nobody holds it
const first = await new Lease(
  { name: 'desk:main', owner: 'trading-1', ttlMs: 1_200 },
  { store, clock },
).acquire();
write('trading-1', first);

store.goBack(); // the replica becomes the server: the write of trading-1 is gone
const second = await new Lease(
  { name: 'desk:main', owner: 'trading-2', ttlMs: 1_200 },
  { store, clock },
).acquire();
console.log(`trading-1 holds it: ${first.isHeld()}, trading-2 holds it: ${second.isHeld()}`);
write('trading-2', second);
write('trading-1', first);

await pass(clock, 450); // its next renewal meets what trading-2 has written
console.log(`trading-1 holds it: ${first.isHeld()}, trading-2 holds it: ${second.isHeld()}`);
