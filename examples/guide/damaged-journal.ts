// The disk has lost two lines of the journal. From the refused start to trading again.
import { readFile, writeFile } from 'node:fs/promises';
import { person } from 'portcullis';
import { FIRM } from 'portcullis/risk';
import { idOf, order, text } from './support/intents.ts';
import { Night, findings } from './support/night.ts';

const night = await Night.begin();
const { path, venue } = night;
for (const id of ['j-1', 'j-2']) {
  const { desk, directory } = await night.start();
  await night.until(desk, desk.start());
  await desk.submit(order(id, 'buy', id === 'j-1' ? '2' : '1', '59990'));
  venue.fill(idOf(id), id === 'j-1' ? '2' : '1', '59990');
  await desk.settled();
  await directory.close();
  if (id === 'j-1') night.clock.advance(2 * 86_400_000); // two days later
}

// Line 2 is the submission of j-1, line 8 the fill of j-2.
const file = `${path}/journal-00000001.jsonl`;
const lines = (await readFile(file, 'utf8')).split('\n');
for (const line of [2, 8]) lines[line - 1] = '#'.repeat(20);
await writeFile(file, lines.join('\n'));

console.log('--- the start');
console.log(await night.start().catch((error: unknown) => night.shown((error as Error).message)));

console.log('--- the repair');
await night.type('journal', 'repair', path, '--by', 'mira', '--reason', 'bad sectors on the old disk');

console.log('--- the next start');
const { desk, killSwitch, directory } = await night.start();
console.log('trading:', killSwitch.tradingState());
console.log('buy 1:', text(await desk.submit(order('j-3', 'buy', '1', '59990'))));
console.log('found:', findings(await night.until(desk, desk.start())));

console.log('--- what no order explains, a person books');
const by = person('mira');
const adjusted = await desk.adjust({
  adjustmentId: 'repair-2026-01-04',
  accountId: 'main',
  position: { instrumentId: 'BTC-USD', quantity: '2', price: '59990' },
  cash: '-119980',
  by,
  reason: 'j-1, from the statement of the venue',
});
console.log(adjusted, '- found:', findings(await night.until(desk, desk.reconcile())));
await killSwitch.release({ scope: FIRM, confirm: 'firm', reason: 'books and venue agree', by });
console.log(killSwitch.tradingState());
console.log('buy 1:', text(await desk.submit(order('j-4', 'buy', '1', '59990'))));

await directory.close();
console.log('--- the traces');
await night.type('journal', 'verify', path);
await night.type('audit', 'verify', path);
await night.end();
