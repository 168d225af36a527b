import type { Family, FamilyCopy } from './family.ts';
import { OVERFLOW, isLabelValue } from './label-sets.ts';
import type { ParsedDefinition } from './metric-definition.ts';
import { type MetricFaults, labelsIn } from './stored-metric.ts';
import { braced, labelText } from './text-format.ts';

/** One series of value 1, or none yet. */
export class InfoMetric implements Family {
  readonly type = 'info';
  readonly name: string;
  readonly help: string;
  readonly unit = undefined;
  readonly #names: readonly string[];
  readonly #faults: MetricFaults;
  #labels: string | undefined;

  constructor({ name, help, labels }: ParsedDefinition, faults: MetricFaults) {
    this.name = name;
    this.help = help;
    this.#names = labels.map(([label]) => label);
    this.#faults = faults;
  }

  get size(): number {
    return this.#labels === undefined ? 0 : 1;
  }

  set(labels: object): void {
    const given = labelsIn(labels) as Readonly<Record<string, unknown>>;
    const values = this.#names.map((name) => {
      const value = given[name];
      return isLabelValue(value) ? value : OVERFLOW;
    });
    if (values.includes(OVERFLOW)) this.#faults.badLabel();
    this.#labels = labelText(this.#names, values);
  }

  copy(): FamilyCopy {
    const labels = this.#labels;
    return {
      size: labels === undefined ? 0 : 1,
      linesPerSeries: 1,
      lines: () => (labels === undefined ? '' : `${this.name}${braced(labels)} 1\n`),
    };
  }
}
