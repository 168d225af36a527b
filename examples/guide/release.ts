// A trip says what it did. A release takes a named person, the scope typed out, here also a second person and an hour.
import { person } from 'portcullis';
import { FIRM } from 'portcullis/risk';
import { idOf, order } from './support/intents.ts';
import { Night } from './support/night.ts';

const night = await Night.begin();
const { desk, killSwitch, directory } = await night.start({ secondPerson: true, coolDownMs: 3_600_000 });
await desk.start();
await desk.submit(order('k-1', 'buy', '2', '59990'));
night.venue.fill(idOf('k-1'), '2', '59990');
await desk.submit(order('k-2', 'sell', '2', '60500'));

const by = person('mira');
const report = await killSwitch.trip({ to: 'halted', reason: 'the numbers look wrong', by });
const { left, unprotected } = await report.confirmed;
console.log('cancels requested:', report.cancelRequested.length, '- on disk:', report.durable);
console.log('orders that may still work:', left);
console.log('positions without an exit:', unprotected);

const release = (confirm: string, second?: string) =>
  killSwitch
    .release({
      scope: FIRM,
      confirm,
      reason: 'the feed was wrong',
      by,
      ...(second !== undefined && { second: person(second) }),
    })
    .then(
      () => 'released',
      (error: unknown) => (error as Error).message,
    );
console.log(await release('firn'));
console.log(await release('firm'));
console.log(await release('firm', 'tom'));
night.clock.advance(3_600_000);
console.log(await release('firm', 'tom'), '-', killSwitch.tradingState());

await directory.close();
await night.end();
