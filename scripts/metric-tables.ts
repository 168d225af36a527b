import {
  AUDIT_CHAIN_VALID,
  AUDIT_HEAD_TIMESTAMP,
  AUDIT_UNSHIPPED,
  AUDIT_WRITE_FAILURES,
} from '../src/audit/index.ts';
import * as accounts from '../src/desk/telemetry/account-vocabulary.ts';
import * as orders from '../src/desk/telemetry/order-vocabulary.ts';
import * as feed from '../src/market-data/feed-metrics.ts';
import * as killSwitch from '../src/risk/kill-switch-metrics.ts';
import { type LabelSpec, type MetricDefinition, TRADES, TRADE_NOTIONAL } from '../src/telemetry/index.ts';

/** One metric, as its definition says it. */
interface MetricRow {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** With the values that they may take, where these are listed. */
  readonly labels: readonly string[];
  readonly help: string;
  /** What exposes it. */
  readonly by: string;
}

const AUDIT = { AUDIT_CHAIN_VALID, AUDIT_HEAD_TIMESTAMP, AUDIT_UNSHIPPED, AUDIT_WRITE_FAILURES };

/** The vocabulary of trading, by what exposes it, then by name. */
export const tradingMetrics = (): readonly MetricRow[] => [
  ...rows('MetricsRegistry.recordTrade', { TRADES, TRADE_NOTIONAL }),
  ...rows('DeskMetrics', { ...orders, ...accounts }),
  ...rows('KillSwitchMetrics', killSwitch),
  ...rows('FeedMetrics', feed),
  ...rows('AuditLog, AuditKeeper', AUDIT),
];

const rows = (by: string, exported: object): MetricRow[] =>
  Object.values(exported)
    .filter(isDefinition)
    .map((definition): MetricRow => ({
      name: definition.name,
      kind: 'buckets' in definition ? 'histogram' : definition.name.endsWith('_total') ? 'counter' : 'gauge',
      labels: labelsOf(definition.labels ?? []),
      help: definition.help,
      by,
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));

const isDefinition = (value: unknown): value is MetricDefinition =>
  typeof value === 'object' && value !== null && 'name' in value && 'help' in value;

const isNames = (spec: LabelSpec): spec is readonly string[] => Array.isArray(spec);

const labelsOf = (spec: LabelSpec): readonly string[] =>
  isNames(spec)
    ? spec
    : Object.entries(spec).map(([name, values]) =>
        values === 'any' ? name : `${name} (${values.join(', ')})`,
      );
