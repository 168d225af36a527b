// Two lines make a service. The rest asks it what it has.
import { BaseEnterpriseService } from 'portcullis';

// prettier-ignore
class Quotes extends BaseEnterpriseService { constructor() { super({ name: 'quotes', logLevel: 'error' }); } }
const quotes = await new Quotes().start();

for (const path of ['/live', '/startup', '/ready', '/quotes?key=secret']) {
  const answer = await fetch(`${quotes.address}${path}`, { headers: { 'x-correlation-id': 'example-1' } });
  console.log(path, answer.status, await answer.text());
}

const metrics = await (await fetch(`${quotes.address}/metrics`)).text();
for (const [line] of metrics.matchAll(/^(?:service_state|http_requests_total.*unmatched).*$/gm))
  console.log(line);
await quotes.stop();
