// A configuration, and where each value of it comes from.
import { ManualClock } from 'portcullis';
import { loadConfig } from 'portcullis/service';
import definition from './support/quotes-config.ts';

const { schema, ...options } = definition;
const file = JSON.stringify({
  venue: { url: 'https://venue.example', apiKey: 'env:VENUE_KEY' },
  pollMs: 500,
});
const config = await loadConfig(
  schema,
  { ...options, profile: 'light', file: '/etc/quotes.json', overrides: { symbols: ['ETH-USD'] } },
  {
    clock: new ManualClock(), // a service takes a SystemClock
    env: { QUOTES_PROFILE: 'heavy', QUOTES_VENUE__TIMEOUT_MS: '750', VENUE_KEY: 'sesame' },
    readFile: () => Promise.resolve(file), // without it: the files of the machine
  },
);

console.log(config.value);
for (const { path, value, source, overrode } of config.explain()) {
  const weaker = overrode.map((one) => `${JSON.stringify(one.value)} of ${one.source}`).join(', ');
  console.log(`${path} = ${JSON.stringify(value)}, ${source}${weaker === '' ? '' : `, over ${weaker}`}`);
}
console.log('profile', config.profile);
config[Symbol.dispose]();
