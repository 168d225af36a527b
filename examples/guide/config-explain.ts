// What an operator types to see what a service would run with.
import { fileURLToPath } from 'node:url';
import { ManualClock } from 'portcullis';
import { runCommand } from 'portcullis/cli';

const module = fileURLToPath(new URL('support/quotes-config.ts', import.meta.url));
const env = { QUOTES_VENUE__URL: 'https://venue.example', QUOTES_VENUE__API_KEY: 'vault:quotes/venue' };

async function type(given: Readonly<Record<string, string>>, ...words: string[]): Promise<void> {
  const set = Object.entries(given).map(([name, value]) => `${name}=${value} `);
  console.log(`$ ${set.join('')}portcullis config explain quotes-config.ts ${words.join(' ')}`.trimEnd());
  const io = {
    clock: new ManualClock(),
    version: '',
    env: { ...env, ...given },
    out: console.log,
    err: console.log,
  };
  console.log('exit code', await runCommand(['config', 'explain', module, ...words], io));
}

await type({}, '--profile', 'heavy');
await type({ QUOTES_POLL_MS: '5' });
