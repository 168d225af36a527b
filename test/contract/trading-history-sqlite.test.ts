import { join } from 'node:path';
import { describe, test } from 'vitest';
import { SqliteTradingHistory } from '../../src/portfolio/index.ts';
import { type TradingHistoryUnderTest, tradingHistoryContract } from '../../src/testing/index.ts';
import { temporaryDirectory } from '../storage/support/temporary.ts';

async function open(): Promise<TradingHistoryUnderTest> {
  const path = join(await temporaryDirectory(), 'history.sqlite');
  let history = await SqliteTradingHistory.open({ path });
  return {
    history,
    async reopen() {
      await history.close();
      history = await SqliteTradingHistory.open({ path });
      return history;
    },
    dispose: () => history.close(),
  };
}

describe('TradingHistory contract: SqliteTradingHistory', () => {
  for (const contract of tradingHistoryContract) test(contract.name, () => contract.run(open));
});
