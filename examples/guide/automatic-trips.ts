// Monitors look every second, and trip by themselves.
import { DailyLossMonitor, DeadManSwitch, UnknownOrdersMonitor, Watch } from 'portcullis/risk';
import { order } from './support/intents.ts';
import { Night } from './support/night.ts';

const night = await Night.begin();
const { desk, book, killSwitch, directory } = await night.start();
const { clock, venue } = night;
await desk.start();

const heartbeat = new DeadManSwitch({ timeoutMs: 60_000 }, { killSwitch, clock });
const watch = new Watch(
  { everyMs: 1_000 },
  {
    monitors: [
      new DailyLossMonitor({ tripAtLoss: '15000' }, { book, killSwitch }),
      new UnknownOrdersMonitor(
        { maxUnknownAgeMs: 10_000 },
        { orders: () => book.liveOrders(), killSwitch, clock },
      ),
      heartbeat,
    ],
    killSwitch,
    clock,
  },
);
watch.start();
heartbeat.beat(); // whoever is to be watched calls it: the loop of a strategy, a person's console

const tripped = () =>
  killSwitch.records().map(({ scope, state, reason }) => `${scope.kind} ${state}: ${reason}`);
venue.line = 'the order is lost';
void desk.submit(order('m-1', 'buy', '1', '59990'));
await night.pass(desk, 5);
console.log('after 5 s:', tripped());
await night.pass(desk, 15);
console.log(
  'after 20 s:',
  tripped().map((line) => line.replace(/[0-9a-f]{32}/, '<client order id>')),
);
await night.pass(desk, 45);
console.log('after 65 s:', tripped().at(-1));

watch.stop();
await directory.close();
await night.end();
