// Halted, and a position is still there. A named person gets out of it.
import { person } from 'portcullis';
import { FIRM } from 'portcullis/risk';
import { idOf, order, text } from './support/intents.ts';
import { Night } from './support/night.ts';

const night = await Night.begin();
const { desk, killSwitch, directory } = await night.start();
await desk.start();
await desk.submit(order('x-1', 'buy', '2', '59990'));
night.venue.fill(idOf('x-1'), '2', '59990');
await desk.submit(order('x-2', 'buy', '1', '59980'));

const by = person('mira');
await killSwitch.trip({ to: 'halted', reason: 'the model is wrong', by });
console.log('sell 2:', text(await desk.submit(order('x-3', 'sell', '2', '60010'))));

const reason = 'risk wants it flat';
const { flat, positions, left } = await desk.flatten({ scope: FIRM, by, reason, maxSlippageBps: 50 });
for (const { instrumentId, before, after, outcomes } of positions) {
  console.log(`${instrumentId}: ${before} before, ${after} after; sent: ${outcomes.map(text).join(', ')}`);
}
console.log('flat:', flat, '- orders left:', left, '- still', killSwitch.tradingState());

await directory.close();
await night.end();
