// A process that was frozen past its lease: on the first look after it goes on, before any timer has run, it knows.
import { SystemClock } from 'portcullis/core';
import { Lease, MemoryStateStore } from 'portcullis/storage';

const clock = new SystemClock();
const store = new MemoryStateStore({ clock });
const of = (owner: string) => new Lease({ name: 'desk:main', owner, ttlMs: 1_500 }, { store, clock });

const first = await of('trading-1').acquire();
console.log('trading-1 may trade:', first.isHeld());
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_600); // nothing runs here, as under kill -STOP
console.log('trading-1 may trade:', first.isHeld());

const second = await of('trading-2').acquire();
console.log('trading-2 may trade:', second.isHeld(), '- with a greater token:', second.token > first.token);
await second.release();
