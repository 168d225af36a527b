// A test of a service: its clock, its upstream and its flags are in your hand.
import { deepEqual, equal } from 'node:assert/strict';
import { BaseEnterpriseService, type ServiceApp, secret } from 'portcullis/service';
import { FakeFlags, ScriptedUpstream, testService } from 'portcullis/testing';
import { z } from 'zod';

const config = z.strictObject({ url: z.url(), key: secret(), pollMs: z.int().min(50).default(1_000) });

class Quotes extends BaseEnterpriseService<typeof config> {
  #last: unknown;

  constructor() {
    super({ name: 'quotes', config });
  }

  protected override onStart(): void {
    const timer = this.clock.every(this.config.pollMs, () => void this.#poll().catch(() => undefined));
    this.signal.addEventListener('abort', () => {
      timer[Symbol.dispose]();
    });
  }

  protected override routes(app: ServiceApp): void {
    app.get('/last', () => ({ last: this.#last ?? null }));
  }

  async #poll(): Promise<void> {
    if (await this.flags.getBooleanValue('paused', false)) return;
    await this.run('poll', async ({ signal }) => {
      const headers = { authorization: `Bearer ${this.config.key.reveal()}` };
      const answer = await fetch(this.config.url, { headers, signal });
      if (!answer.ok) throw new Error(`the source answered ${String(answer.status)}`);
      this.#last = await answer.json();
    });
  }
}

const upstream = await ScriptedUpstream.listen([{ body: { bid: '60000' } }, { status: 503 }]);
const flags = new FakeFlags({ paused: false });
const env = { QUOTES_URL: upstream.url, QUOTES_KEY: 'env:SOURCE_KEY', SOURCE_KEY: 'sesame' };
const tested = await testService(Quotes, { env, flags: flags.client });
const polls = async (outcome: string) =>
  (await tested.metrics())[`trading_operations_total{operation="poll",outcome="${outcome}"}`] ?? 0;
const until = async (holds: () => Promise<boolean>) => {
  while (!(await holds())) await tested.clock.turn(); // a real socket takes as long as it takes
};

await tested.advance(1_000);
await until(async () => (await polls('ok')) === 1);
deepEqual((await tested.inject('/last')).json(), { last: { bid: '60000' } });
equal(upstream.requests[0]?.headers['authorization'], 'Bearer sesame');

await tested.advance(1_000); // the source is down now: what came before is still served
await until(async () => (await polls('error')) === 1);
deepEqual((await tested.inject('/last')).json(), { last: { bid: '60000' } });

flags.set('paused', true);
await tested.advance(60_000);
equal(upstream.requests.length, 2);
equal(JSON.stringify(tested.logs()).includes('sesame'), false);

await tested.signal('SIGTERM');
deepEqual(tested.exits, [0]);
await upstream.close();
console.log('passed');
