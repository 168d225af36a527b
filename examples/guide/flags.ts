// Flags for some: by attribute, and by percentage.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FlagDefinition } from 'portcullis/service';
import { testService } from 'portcullis/testing';
import { seriesIn } from './support/series.ts';

const flags: Readonly<Record<string, FlagDefinition>> = {
  'new-router': {
    type: 'boolean',
    default: false,
    description: 'Orders go through the new router.',
    rules: [
      { when: { desk: ['prop', 'test'] }, serve: 'on' }, // all of these
      { when: { venue: 'toy' }, serve: 'on', percent: 30 }, // and three in ten accounts on this venue
    ],
    expiresAt: '2026-03-31T00:00:00Z', // past it, it works on and is reported
  },
  'quote-size': { type: 'number', variants: { small: 1, large: 5 }, default: 'small', pinned: 5 },
};
const directory = await mkdtemp(join(tmpdir(), 'portcullis-guide-'));
const path = join(directory, 'flags.json');
await writeFile(path, JSON.stringify({ version: 1, flags }));

const { service, metrics, stop } = await testService({ name: 'router', flagsFile: path });
const client = service.flags; // OpenFeature
const ask = (context: Readonly<Record<string, string>>) =>
  client
    .getBooleanDetails('new-router', false, context)
    .then(({ value, reason }) => `${String(value)} (${String(reason)})`);

console.log('desk prop:    ', await ask({ targetingKey: 'acc-1', desk: 'prop' }));
console.log('another venue:', await ask({ targetingKey: 'acc-1', desk: 'retail', venue: 'nyse' }));
const accounts = Array.from({ length: 1_000 }, (_, at) => `acc-${String(at + 1)}`);
const chosen: string[] = [];
for (const targetingKey of accounts)
  if (await client.getBooleanValue('new-router', false, { targetingKey, venue: 'toy' }))
    chosen.push(targetingKey);
console.log(`30 percent:    ${String(chosen.length)} of 1,000, always the same:`, chosen.slice(0, 5));
console.log('nobody to go by:', await ask({ venue: 'toy' }));
console.log(
  'quote-size:',
  await client.getNumberValue('quote-size', 1),
  '- misspelt:',
  await client.getNumberValue('quot-size', 1),
);

for (const [series, value] of Object.entries(await metrics()))
  if (seriesIn(series, 'trading_flag_').length > 0 && value > 0) console.log(series, value);
await stop();
await rm(directory, { recursive: true });
