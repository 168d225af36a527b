// A secret is written as where it stands, shows itself to nobody, and may change while the service runs.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { BaseEnterpriseService, secret } from 'portcullis/service';
import { testService } from 'portcullis/testing';
import { z } from 'zod';

const config = z.strictObject({ apiKey: secret() });

class Quotes extends BaseEnterpriseService<typeof config> {
  constructor() {
    super({ name: 'quotes', config });
  }

  protected override onStart(): void {
    this.config.apiKey.onRotation(() => {
      console.log('rotated: connect again with', this.config.apiKey.reveal());
    });
  }
}

const directory = await mkdtemp(join(tmpdir(), 'portcullis-guide-'));
const file = join(directory, 'venue-key');
await writeFile(file, 'sesame\n', { mode: 0o600 });
const tested = await testService(Quotes, { env: { QUOTES_API_KEY: `file:${file}` } });
const { apiKey } = tested.service.config;
console.log(String(apiKey), JSON.stringify({ apiKey }), inspect(apiKey), '- revealed:', apiKey.reveal());

/** Files are looked at every 30 s; reading one takes as long as it takes. */
const look = async (until: () => Promise<boolean> | boolean) => {
  await tested.advance(30_000);
  while (!(await until())) await tested.clock.turn();
};
await writeFile(file, 'open barley\n', { mode: 0o600 });
await look(() => apiKey.reveal() === 'open barley');

await rm(file);
await look(() => tested.logs().some(({ msg }) => msg === 'secret not read again'));
await tested.advance(5_000);
const { status, checks } = (await tested.inject('/health')).json() as {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly reason: string }>>;
};
console.log(status, '-', checks['secrets']?.reason, '- still', apiKey.reveal());
await tested.stop();
await rm(directory, { recursive: true });
