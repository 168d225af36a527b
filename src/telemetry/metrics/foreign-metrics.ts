import type { Family, FamilyCopy } from './family.ts';
import { type ExpositionFormat, boundText, braced, labelText, numberText } from './text-format.ts';

/** What is needed of a registry of prom-client, whatever its version or name. */
export interface PromClientRegistry {
  getMetricsAsJSON(): Promise<readonly ForeignMetric[]>;
  getSingleMetric(name: string): unknown;
}

/** A metric as prom-client describes it. */
export interface ForeignMetric {
  readonly name: string;
  readonly help: string;
  /** Its type in lower case. */
  readonly type: unknown;
  readonly values: readonly ForeignSample[];
}

export interface ForeignSample {
  readonly value: number;
  readonly labels: Readonly<Partial<Record<string, string | number>>>;
  /** For the samples of a histogram, which bear its name and a suffix. */
  readonly metricName?: string;
}

/** A metric of a prom-client registry as a family among ours. */
export function foreignFamily({ name, help, type, values }: ForeignMetric): Family {
  const kind = String(type) as Family['type'];
  const sampleName = (sample: ForeignSample, format: ExpositionFormat): string => {
    if (kind === 'counter' && format === 'openmetrics') return `${name.replace(/_total$/, '')}_total`;
    return sample.metricName ?? name;
  };
  const copy: FamilyCopy = {
    size: values.length,
    linesPerSeries: 1,
    lines: (from, to, format) =>
      values
        .slice(from, to)
        .map((sample) => {
          const entries = Object.entries(sample.labels);
          const labels = labelText(
            entries.map(([label]) => label),
            entries.map(([, value]) =>
              typeof value === 'number' ? boundText(value, format) : (value ?? ''),
            ),
          );
          return `${sampleName(sample, format)}${braced(labels)} ${numberText(sample.value)}\n`;
        })
        .join(''),
  };
  return { name, help, unit: undefined, type: kind, copy: () => copy };
}
