import type { ContractCase } from './contract-case.ts';
import { intakeCases } from './trading-history/intake-cases.ts';
import { keepingCases } from './trading-history/keeping-cases.ts';
import { moneyCases } from './trading-history/money-cases.ts';
import { questionCases } from './trading-history/question-cases.ts';
import type { TradingHistoryUnderTest } from './trading-history/trading-history-under-test.ts';

export type { TradingHistoryUnderTest } from './trading-history/trading-history-under-test.ts';

/** What every `TradingHistory` has to do. */
export const tradingHistoryContract: readonly ContractCase<TradingHistoryUnderTest>[] = [
  ...moneyCases,
  ...intakeCases,
  ...questionCases,
  ...keepingCases,
];
