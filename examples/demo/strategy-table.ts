import { type StrategyResult } from './strategy-ledger.ts';

/** Results as a table, with a sum for each strategy that trades several instruments; nothing for nothing. */
export function strategyTable(results: readonly StrategyResult[]): string[] {
  if (results.length === 0) return [];
  const strategies = Map.groupBy(results, ({ strategyId }) => strategyId);
  return [
    'strategy           instrument  fills          volume        profit          fees    after fees',
    ...[...strategies.values()].flatMap((of) => [
      ...of.map((one, n) => line(n === 0 ? one.strategyId : '', one.instrumentId, [one])),
      ...(of.length > 1 ? [line('', 'all', of)] : []),
    ]),
    '',
  ];
}

function line(strategyId: string, instrumentId: string, results: readonly StrategyResult[]): string {
  const sum = (of: (result: StrategyResult) => string | number): number =>
    results.reduce((total, result) => total + Number(of(result)), 0);
  const [profit, fees] = [sum(({ profit: made }) => made), sum(({ fees: paid }) => paid)];
  return [
    strategyId.padEnd(18),
    instrumentId.padEnd(10),
    String(sum(({ fills }) => fills)).padStart(6),
    money(sum(({ volume }) => volume)).padStart(15),
    money(profit).padStart(13),
    money(fees).padStart(13),
    money(profit - fees).padStart(13),
  ].join(' ');
}

/** For display only: the JSON has them to the last digit. A profit that is unknown is NaN. */
const money = (value: number): string =>
  Number.isNaN(value)
    ? 'unknown'
    : value.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
