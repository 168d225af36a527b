// Ten events for a group that stands still, on a bus with room for four: what each policy does.
import { SystemClock } from 'portcullis';
import { EmbeddedEventBus, type OverflowPolicy, type PublishReceipt } from 'portcullis/events';
import { CATALOGUE, PRICE } from './support/prices.ts';

const clock = new SystemClock();

async function fill(policy: OverflowPolicy): Promise<void> {
  const options = { overflow: { policy, maxUnhandled: 4 } };
  const bus = await EmbeddedEventBus.open(options, { clock, catalogue: CATALOGUE });
  const gate = Promise.withResolvers<undefined>();
  const handled: number[] = [];
  bus.subscribe('slow', [PRICE], async ({ data }) => {
    await gate.promise;
    handled.push(data.price);
  });
  const told: PublishReceipt['outcome'][] = [];
  const publications = Array.from({ length: 10 }, async (_, at) => {
    const { outcome } = await bus.publish(PRICE, { symbol: 'BTC', price: at });
    told.push(outcome);
  });
  await clock.sleep(50);
  const [atOnce, dropped] = [told.length, told.filter((outcome) => outcome === 'dropped').length];
  gate.resolve(undefined);
  await Promise.all(publications);
  while ((await bus.groups()).some(({ lag, pending }) => lag !== 0 || pending > 0)) await clock.sleep(5);
  console.log(`${policy}: ${atOnce} receipts at once, ${dropped} say dropped; handled ${handled.join(' ')}`);
  await bus.close();
}

await fill('block');
await fill('drop-oldest');
await fill('drop-newest');
