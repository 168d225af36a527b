// What `use` takes over is watched, brought back, and closed.
import { BaseEnterpriseService, type StartContext } from 'portcullis/service';
import { testService } from 'portcullis/testing';

/** Stands for a connection of yours. */
class Feed {
  isConnected = true;
  close(): void {
    console.log('feed closed');
  }
}
const feed = new Feed();
let tries = 0;

class Quotes extends BaseEnterpriseService {
  constructor() {
    super({ name: 'quotes' });
  }

  protected override onStart({ use }: StartContext): void {
    use('archive', { close: () => console.log('archive closed') }); // closed, and not watched
    use('feed', feed, {
      check: () => feed.isConnected || 'no connection', // asked every 5 s, and when somebody wants to know
      recover: () => {
        tries += 1;
        if (tries < 3) throw new Error('connection refused');
        feed.isConnected = true;
      },
    });
  }
}

const tested = await testService(Quotes);
const ready = async () => (await tested.inject('/ready')).body;

console.log(await ready());
feed.isConnected = false;
for (let checks = 0; checks < 3; checks += 1) await tested.advance(5_000); // down after three in a row
console.log(await ready());
for (let seconds = 0; seconds < 5; seconds += 0.25) await tested.advance(250); // waits of up to 0.5, 1, 2, ... s
console.log(await ready());

const lines = tested.logs().filter(({ msg }) => /^(?:dependency|recovery failed|degraded|state)$/.test(msg));
for (const { level, msg, status, reason, state } of lines)
  console.log(level, msg, status ?? state ?? '', reason ?? '');
for (const [name, value] of Object.entries(await tested.metrics()))
  if (/^service_dependency_(?:up|trans|rec)/.test(name)) console.log(name, value);
await tested.stop();
