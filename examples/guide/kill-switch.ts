// Trip, reduce, halt, release.
import { person } from 'portcullis';
import { FIRM } from 'portcullis/risk';
import { openDesk } from './support/desk.ts';
import { idOf, order, text } from './support/intents.ts';

const { desk, driver, killSwitch } = await openDesk();
await desk.submit(order('entry', 'buy', '2', '59990'));
driver.fill(idOf('entry'), '2', '59990');
await desk.submit(order('working', 'buy', '1', '59980'));

const by = person('mira');
const scope = { kind: 'account', id: 'main' } as const;
const tripped = killSwitch.trip({ scope, to: 'reducing', reason: 'the numbers look wrong', by });
console.log(killSwitch.tradingState()); // in force before the promise
const { cancelRequested, durable } = await tripped;
console.log('cancels requested:', cancelRequested.length, 'durable:', durable);
console.log('buy 1:', text(await desk.submit(order('d-1', 'buy', '1', '59990'))));
console.log('sell 1:', text(await desk.submit(order('d-2', 'sell', '1', '60010'))));

await killSwitch.trip({ to: 'halted', reason: 'still wrong', by });
console.log('sell 1:', text(await desk.submit(order('d-3', 'sell', '1', '60010'))));

await killSwitch.release({ scope: FIRM, confirm: 'firm', reason: 'the feed was wrong', by });
console.log(killSwitch.tradingState());
await killSwitch.release({ scope, confirm: 'account:main', reason: 'the feed was wrong', by });
console.log(killSwitch.tradingState());
