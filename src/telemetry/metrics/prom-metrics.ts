import {
  Counter as PromCounter,
  Gauge as PromGauge,
  Histogram as PromHistogram,
  type Registry,
} from 'prom-client';
import { LabelSets, type Labels } from './label-sets.ts';
import type { ParsedDefinition } from './metric-definition.ts';
import type { ObservationFaults } from './observation-faults.ts';

/** A metric whatever its labels; the registry gives it the type of its definition. */
interface AnyMetric {
  expect(open: object): void;
}

type Observe = (first: object | number, second?: number) => void;

/** Where a metric lives, and under which bounds. `parsed.name` is the whole name, prefix included. */
export interface MetricHome {
  readonly registry: Registry;
  readonly maxSeries: number;
  readonly faults: ObservationFaults;
}

export function promCounter(
  parsed: ParsedDefinition,
  home: MetricHome,
): AnyMetric & { inc: (first?: object | number, second?: number) => void } {
  const prom = new PromCounter(configOf(parsed, home));
  const sets = setsOf(parsed, home, (labels) => {
    prom.inc(labels, 0);
  });
  return {
    expect: expecting(sets),
    inc: (first, second) => {
      const given = isLabels(first) ? second : first;
      const value = given === undefined ? 1 : given;
      if (isFinite(value) && value >= 0) prom.inc(sets.of(labelsIn(first)), value);
      else home.faults.badValue(parsed.name);
    },
  };
}

export function promGauge(
  parsed: ParsedDefinition,
  home: MetricHome,
): AnyMetric & { set: Observe; add: Observe } {
  const prom = new PromGauge(configOf(parsed, home));
  const sets = setsOf(parsed, home, (labels) => {
    prom.set(labels, 0);
  });
  const recording =
    (write: (labels: Labels, value: number) => void): Observe =>
    (first, second) => {
      const value = isLabels(first) ? second : first;
      if (isFinite(value)) write(sets.of(labelsIn(first)), value);
      else home.faults.badValue(parsed.name);
    };
  return {
    expect: expecting(sets),
    set: recording((labels, value) => {
      prom.set(labels, value);
    }),
    add: recording((labels, value) => {
      prom.inc(labels, value);
    }),
  };
}

export function promHistogram(parsed: ParsedDefinition, home: MetricHome): AnyMetric & { observe: Observe } {
  const prom = new PromHistogram({ ...configOf(parsed, home), buckets: [...parsed.buckets] });
  const sets = setsOf(parsed, home, (labels) => {
    prom.zero(labels);
  });
  // No duration is negative; other things that are measured may be.
  const least = parsed.name.endsWith('_seconds') ? 0 : -Infinity;
  return {
    expect: expecting(sets),
    observe: (first, second) => {
      const value = isLabels(first) ? second : first;
      if (isFinite(value) && value >= least) prom.observe(sets.of(labelsIn(first)), value);
      else home.faults.badValue(parsed.name);
    },
  };
}

const configOf = ({ name, help, labels }: ParsedDefinition, { registry }: MetricHome) => ({
  name,
  help,
  labelNames: labels.map(([label]) => label),
  registers: [registry],
});

const setsOf = (
  { name, labels }: ParsedDefinition,
  { maxSeries, faults }: MetricHome,
  zero: (labels: Labels) => void,
): LabelSets =>
  new LabelSets(labels, maxSeries, {
    onNew: zero,
    onBadLabel: () => {
      faults.badLabel(name);
    },
    onDropped: () => {
      faults.dropped(name);
    },
  });

const expecting =
  (sets: LabelSets) =>
  (open: object): void => {
    sets.expect(open);
  };

const NO_LABELS: Labels = {};
const isFinite = (value: unknown): value is number => Number.isFinite(value);
const isLabels = (first: unknown): first is object => typeof first === 'object' && first !== null;
const labelsIn = (first: unknown): object => (isLabels(first) ? first : NO_LABELS);
