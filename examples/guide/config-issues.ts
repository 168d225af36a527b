// All that is wrong with a configuration, in one go.
import { ManualClock } from 'portcullis';
import { type ConfigIssue, loadConfig } from 'portcullis/service';
import definition from './support/quotes-config.ts';

const { schema, ...options } = definition;
await loadConfig(
  schema,
  { ...options, file: '/etc/quotes.json' },
  {
    clock: new ManualClock(),
    env: {
      QUOTES_VENUE__URL: 'ftp://venue.example',
      QUOTES_VENUE__API_KEY: 'sesame', // the secret itself
      QUOTES_POLL_MS: '1e3 ms',
      QUOTES_POL_MS: '500',
    },
    readFile: () => Promise.resolve('{ "symbols": [], "venue": { "timeout": 750 } }'),
  },
).catch((error: unknown) => {
  const { code, details } = error as { code: string; details: { issues: readonly ConfigIssue[] } };
  console.log(code);
  for (const { field, expected, got, source } of details.issues)
    console.log(`- ${field} (${source})\n  ${expected}${got === undefined ? '' : `, got ${got}`}`);
});
