/** A service in two lines, then one with a route, a health check and background work. */
import { BaseEnterpriseService, type ServiceApp } from 'portcullis/service';

// prettier-ignore
class Quotes extends BaseEnterpriseService { constructor() { super({ name: 'quotes' }) } }
const quotes = await new Quotes().start();

class Prices extends BaseEnterpriseService {
  #last = 0;

  constructor() {
    super({ name: 'prices' });
    this.health.add('feed', () => this.#last > 0 || 'no price yet', { critical: true });
  }

  protected override async onStart(): Promise<void> {
    await this.run('poll', () => {
      this.#last = 60_000;
    });
  }

  protected override routes(app: ServiceApp): void {
    app.get('/status', () => ({ last: this.#last }));
  }
}
const prices = await new Prices().start();

for (const url of [`${quotes.address}/ready`, `${prices.address}/status`, `${prices.address}/health`]) {
  const answer = await fetch(url, { headers: { 'x-correlation-id': 'example-1' } });
  console.log(answer.status, await answer.text());
}

await quotes.stop();
console.log(await prices.stop('the example is over')); // SIGTERM and SIGINT do the same, then end the process
