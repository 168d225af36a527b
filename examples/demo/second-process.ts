import { ManualClock, SystemClock } from 'portcullis';
import { toText } from 'portcullis/core';
import { type MarketEvent } from 'portcullis/trading';
import { advance } from './replay.ts';
import { simulation } from './scenario.ts';
import { ACCOUNT, TradingSystem } from './trading-system.ts';

const [dataDir = '', seed = '1'] = process.argv.slice(2);
const scenario = simulation({ seed: Number(seed), days: 0.01 });
const clock = new ManualClock(scenario.startMs);
const system = await TradingSystem.open(scenario, dataDir, { clock, stopwatch: new SystemClock() });
const [instrument] = scenario.instruments;
if (instrument === undefined) throw new Error('no instrument to trade');
const { instrumentId, grid } = instrument;
const cells = [...(system.book.account(ACCOUNT)?.cells() ?? [])].filter(({ pos }) => pos !== 0);
const positions = cells.map((cell) => `${cell.pos} lots of ${cell.instrument.instrumentId}`).join(', ');
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

for (const event of firstOf(scenario.batches() as Iterable<readonly MarketEvent[]>)) {
  clock.advanceTo(event.receivedMs);
  system.onMarket(event);
}
const [tracker] = system.trackers();
const price = tracker?.view.bids[0]?.price ?? 0;
const outcome = await system.desk.submit({
  intentId: 'after-the-restart',
  accountId: ACCOUNT,
  strategyId: 'second-process',
  instrumentId,
  side: 'buy',
  quantity: '0.01',
  price: { type: 'limit', limit: toText(price, grid.tick) },
});
const because =
  outcome.kind === 'denied' ? outcome.denials.map(({ gate, code }) => `${gate} ${code}`).join(', ') : '';
console.log(
  `  ${positions === '' ? 'no positions' : positions}; an entry is ${outcome.kind}${because === '' ? '' : `: ${because}`}`,
);
await system.close();

/** What tells the first prices of every instrument: its snapshot. */
function* firstOf(batches: Iterable<readonly MarketEvent[]>): Generator<MarketEvent> {
  for (const batch of batches) {
    for (const event of batch) {
      if (event.type !== 'snapshot') return;
      yield event;
    }
  }
}
