// Background work: counted, measured, logged under one id, and waited for at the end.
import { BaseEnterpriseService } from 'portcullis/service';
import { correlation } from 'portcullis/telemetry';
import { testService } from 'portcullis/testing';

class Quotes extends BaseEnterpriseService {
  constructor() {
    super({ name: 'quotes' });
  }

  poll(symbol: string): Promise<void> {
    return this.run('poll', async ({ signal }) => {
      signal.throwIfAborted(); // the service stops: hand it on to whatever waits
      await this.clock.sleep(20, signal);
      if (symbol === 'XRP-USD') throw new Error('the venue knows no XRP-USD');
      this.log.info({ symbol, apiKey: 'sesame' }, 'polled');
    });
  }
}

const { service, advance, logs, metrics, stop } = await testService(Quotes);
const polls = Promise.allSettled(
  ['BTC-USD', 'XRP-USD'].map(
    (symbol, at) => correlation.run(`poll-${String(at + 1)}`, () => service.poll(symbol)), // without an id at hand, `run` makes one
  ),
);
await advance(20);
console.log((await polls).map(({ status }) => status));

for (const { level, msg, correlationId, symbol, apiKey, err } of logs().filter(
  (line) => 'correlationId' in line,
))
  console.log(level, msg, { correlationId, symbol, apiKey, error: (err as Error | undefined)?.message });
const wanted = /^trading_oper.*(?:outcome|in_flight|_count|le="0.0(?:1|25)")/;
for (const [series, value] of Object.entries(await metrics()))
  if (wanted.test(series)) console.log(series, value);
await stop();
