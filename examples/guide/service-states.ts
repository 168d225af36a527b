// Without a class, and what each probe says in each state.
import { EventEmitter } from 'node:events';
import { ManualClock } from 'portcullis';
import { createService } from 'portcullis/service';
import { silentLogger } from 'portcullis/telemetry';

const clock = new ManualClock(Date.UTC(2026, 0, 5, 12)); // a service of yours takes none: it has that of the machine
const up = { venue: true, archive: true };
const starting = Promise.withResolvers<undefined>();
const opened = Promise.withResolvers<undefined>();

const service = createService(
  {
    name: 'quotes',
    drainDelayMs: 5_000,
    onStart: async ({ use }) => {
      starting.resolve(undefined);
      await opened.promise;
      use('venue', {}, { check: () => up.venue, failAfter: 1, passAfter: 1 });
      use('archive', {}, { check: () => up.archive, failAfter: 1, passAfter: 1, critical: false });
    },
    routes: (app) => {
      app.get('/quotes', () => ['BTC-USD']);
    },
  },
  { clock, env: {}, logger: silentLogger, signals: new EventEmitter() },
);

const ROUTES = ['/live', '/startup', '/ready', '/health', '/quotes'];
const show = async (when: string) => {
  const statuses: string[] = [];
  for (const url of ROUTES) statuses.push(String((await service.inject({ url })).status).padEnd(8));
  console.log(service.state.padEnd(9), ...statuses, when);
};
const checked = async () => {
  clock.advance(5_000); // checkEveryMs
  await clock.turn();
};

console.log('state    ', ...ROUTES.map((route) => route.padEnd(8)));
const start = service.start();
await starting.promise;
await show('onStart is under way');
opened.resolve(undefined);
await start;
await show('');
up.archive = false;
await checked();
await show('the archive is down, which is not critical');
up.venue = false;
await checked();
await show('the venue is down, which is');
up.venue = up.archive = true;
await checked();
await show('both are back');
const stop = service.stop();
await show('for drainDelayMs');
clock.advance(5_000);
await stop;
console.log(service.state.padEnd(9), 'connections are refused');
