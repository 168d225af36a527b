import { ManualClock, SystemClock } from 'portcullis';
import { advance } from './replay.ts';
import { simulation } from './scenario.ts';
import { ACCOUNT, TradingSystem } from './trading-system.ts';

const [dataDir = '', seed = '1'] = process.argv.slice(2);
const scenario = simulation({ seed: Number(seed), days: 0.01 });
const clock = new ManualClock(scenario.startMs);
const system = await TradingSystem.open(scenario, dataDir, { clock, stopwatch: new SystemClock() });
const { instrument } = scenario;
const cell = system.book.cell(ACCOUNT, instrument.instrumentId);
const { records, fromSnapshot } = system.journal.recovered;
const since = fromSnapshot === undefined ? '' : ` after the snapshot at record ${fromSnapshot}`;
console.log(`  ${records} journal records replayed${since}, kill switch ${system.killSwitch.tradingState()}`);
for (const { reason } of system.killSwitch.records()) console.log(`  ${reason}`);

const started = system.desk.start();
await advance(system, clock, clock.nowMs() + 10_000);
const compared = await started;
console.log(
  `  ${compared.kind}: ${compared.kind === 'failed' ? compared.reason : `${compared.differences.length} differences from the venue`}`,
);

const [first] = scenario.batches() as Iterable<readonly Parameters<TradingSystem['onMarket']>[0][]>;
for (const event of first?.slice(0, 1) ?? []) {
  clock.advanceTo(event.receivedMs);
  system.onMarket(event);
}
const price = system.tracker.view.bids[0]?.price ?? 0;
const outcome = await system.desk.submit({
  intentId: 'after-the-restart',
  accountId: ACCOUNT,
  strategyId: 'second-process',
  instrumentId: instrument.instrumentId,
  side: 'buy',
  quantity: '0.01',
  price: { type: 'limit', limit: (price / 100).toFixed(2) },
});
const because =
  outcome.kind === 'denied' ? outcome.denials.map(({ gate, code }) => `${gate} ${code}`).join(', ') : '';
console.log(
  `  position ${cell?.pos ?? 0} lots; an entry is ${outcome.kind}${because === '' ? '' : `: ${because}`}`,
);
await system.close();
