import { SeededRandom, decimal, toText } from 'portcullis/core';
import { isOpen } from 'portcullis/trading';
import { tell } from './kill-point.ts';
import { ACCOUNT } from './market.ts';
import type { TraderConfig } from './trader-config.ts';
import { type TradingSystem, openSystem } from './trading-system.ts';
import { WildTrader } from './wild-trader.ts';

const ACT_EVERY_MS = 6;
const LOOK_EVERY_MS = 10;

const config = JSON.parse(process.argv[2] ?? '') as TraderConfig;
const system = await openSystem(config);
const { audit, killSwitch, journal, desk, clock } = system;
const { records, inDoubt, fromSnapshot } = journal.recovered;
tell({ at: 'opened', records, inDoubt: inDoubt.length, fromSnapshot: fromSnapshot !== undefined });

if (config.mode !== 'inspect') {
  void desk.start();
  while (killSwitch.restraints().length > 0) await clock.sleep(LOOK_EVERY_MS);
  tell({ at: 'open-for-trading' });
}
if (config.mode === 'trade') {
  const trader = new WildTrader(system, new SeededRandom(config.seed * 1_000 + config.life), config.life);
  trader.askAgain(inDoubt);
  for (;;) {
    await clock.sleep(ACT_EVERY_MS);
    trader.act();
  }
}
if (config.mode === 'settle') await settle(system);
await tellBook(system);
await desk.stop();
await system.close();
tell({ at: 'finished' });

/** Cancels what works until nothing is left of which anything could still be heard. */
async function settle({ book }: TradingSystem): Promise<void> {
  for (;;) {
    const live = [...book.liveOrders()];
    if (live.length === 0) break;
    for (const { order, state } of live) if (isOpen(state)) await desk.cancel(order.clientOrderId);
    await clock.sleep(5 * LOOK_EVERY_MS);
  }
  await desk.reconcile();
  if (config.defect === undefined) await journal.checkpoint();
}

/** The Book, as the last life has it. */
async function tellBook({ book }: TradingSystem): Promise<void> {
  const account = book.account(ACCOUNT.accountId);
  if (account === undefined) throw new Error('the account is gone');
  await audit.record({
    kind: 'torture.book',
    cash: account.cash.toFixed(),
    fees: account.fees.toFixed(),
    positions: Object.fromEntries(
      Array.from(account.cells(), ({ instrument: { instrumentId, grid }, pos }) => [
        instrumentId,
        decimal(toText(pos, grid.step)).toFixed(),
      ]),
    ),
  });
}
