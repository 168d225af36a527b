/**
 * A strict reader of Prometheus text 0.0.4 and OpenMetrics 1.0, written from their descriptions and sharing no code with
 * what it checks. It throws at the first thing that is wrong, with the number of the line.
 */

export interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly exemplar?: {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
    readonly seconds: number;
  };
}

export interface ParsedFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly unit?: string;
  readonly samples: readonly ParsedSample[];
}

interface OpenFamily {
  name: string;
  type?: string;
  help?: string;
  unit?: string;
  readonly samples: ParsedSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const NUMBER = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]Inf|NaN)/;
const TYPES = {
  text: ['counter', 'gauge', 'histogram', 'summary', 'untyped'],
  openmetrics: ['counter', 'gauge', 'histogram', 'summary', 'info', 'unknown'],
};

export function parseExposition(text: string, format: 'text' | 'openmetrics' = 'text'): ParsedFamily[] {
  return new Parser(text, format).parse();
}

class Parser {
  readonly #format: 'text' | 'openmetrics';
  readonly #lines: string[];
  #at = 0;
  #families: OpenFamily[] = [];
  readonly #seen = new Set<string>();

  constructor(text: string, format: 'text' | 'openmetrics') {
    this.#format = format;
    if (!text.endsWith('\n')) throw new Error('the last line does not end');
    this.#lines = text.slice(0, -1).split('\n');
  }

  parse(): ParsedFamily[] {
    const openmetrics = this.#format === 'openmetrics';
    if (openmetrics && this.#lines.at(-1) !== '# EOF') throw new Error('expected # EOF at the end');
    const lines = openmetrics ? this.#lines.slice(0, -1) : this.#lines;
    for (const [index, line] of lines.entries()) {
      this.#at = index + 1;
      if (line === '') this.#must(!openmetrics, 'an empty line');
      else if (line.startsWith('#')) this.#describe(line);
      else this.#sample(line);
    }
    return this.#families.map((family) => {
      const { type, help } = family;
      if (type === undefined || help === undefined) throw new Error(`${family.name}: without TYPE or HELP`);
      if (type === 'histogram') checkHistogram(family, openmetrics);
      return { ...family, type, help };
    });
  }

  #must(good: boolean, what: string): asserts good {
    if (!good) throw new Error(`line ${this.#at}: ${what}`);
  }

  #describe(line: string): void {
    const match = /^# (HELP|TYPE|UNIT) (\S+) (.*)$/.exec(line);
    this.#must(match !== null, `a comment that is not HELP, TYPE or UNIT: ${line}`);
    const [, what = '', name = '', rest = ''] = match;
    this.#must(NAME.exec(name)?.[0] === name, `no metric name: ${name}`);
    let family = this.#families.at(-1);
    if (family?.name !== name) {
      this.#must(!this.#families.some((other) => other.name === name), `${name} comes twice`);
      family = { name, samples: [] };
      this.#families.push(family);
    }
    this.#must(family.samples.length === 0, `${what} of ${name} after its samples`);
    if (what === 'HELP') {
      this.#must(family.help === undefined, `HELP of ${name} comes twice`);
      family.help = this.#unescape(rest, this.#format === 'openmetrics');
    } else if (what === 'TYPE') {
      this.#must(family.type === undefined, `TYPE of ${name} comes twice`);
      this.#must(TYPES[this.#format].includes(rest), `no type: ${rest}`);
      family.type = rest;
    } else {
      this.#must(this.#format === 'openmetrics', 'UNIT is not part of Prometheus text');
      this.#must(family.unit === undefined, `UNIT of ${name} comes twice`);
      this.#must(name.endsWith(`_${rest}`), `${name} does not end in its unit ${rest}`);
      family.unit = rest;
    }
  }

  #unescape(text: string, quotes: boolean): string {
    const good = quotes ? /^(?:[^"\\\n]|\\["\\n])*$/ : /^(?:[^\\\n]|\\[\\n])*$/;
    this.#must(good.test(text), `a bad escape in ${text}`);
    return text.replaceAll(/\\(.)/g, (_all, char: string) => (char === 'n' ? '\n' : char));
  }

  #sample(line: string): void {
    const name = NAME.exec(line)?.[0] ?? '';
    this.#must(name !== '', `no metric name: ${line}`);
    const [labels, afterLabels] = this.#labels(line.slice(name.length));
    this.#must(afterLabels.startsWith(' '), `expected a space before the value: ${line}`);
    const [value, rest] = this.#number(afterLabels.slice(1));
    const family = this.#families.at(-1);
    this.#must(family?.type !== undefined, `${name} without TYPE before it`);
    this.#must(this.#belongs(name, family), `${name} does not belong to ${family.type} ${family.name}`);
    this.#must(
      family.type === 'histogram' && name.endsWith('_bucket') ? 'le' in labels : !('le' in labels),
      `le of ${name}`,
    );
    const key = `${name} ${JSON.stringify(Object.entries(labels).sort())}`;
    this.#must(!this.#seen.has(key), `${key} comes twice`);
    this.#seen.add(key);
    if (family.type === 'counter') this.#must(value >= 0, `a counter of ${value}`);
    const sample = { name, labels, value };
    family.samples.push(rest === '' ? sample : { ...sample, exemplar: this.#exemplar(rest, name, labels) });
  }

  #belongs(name: string, { name: family, type }: OpenFamily): boolean {
    const openmetrics = this.#format === 'openmetrics';
    switch (type) {
      case 'counter':
        return openmetrics ? name === `${family}_total` : name === family && name.endsWith('_total');
      case 'histogram':
        return [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name);
      case 'summary':
        return [family, `${family}_sum`, `${family}_count`].includes(name);
      case 'info':
        return name === `${family}_info`;
      default:
        return name === family;
    }
  }

  #labels(text: string): [Record<string, string>, string] {
    const labels: Record<string, string> = {};
    if (!text.startsWith('{')) return [labels, text];
    let rest = text.slice(1);
    while (!rest.startsWith('}')) {
      const name = LABEL.exec(rest)?.[0] ?? '';
      this.#must(name !== '' && !(name in labels), `a label without name, or twice: ${rest}`);
      const value = /^="((?:[^"\\]|\\.)*)"/.exec(rest.slice(name.length));
      this.#must(value !== null, `the value of label ${name} is not quoted: ${rest}`);
      labels[name] = this.#unescape(value[1] ?? '', true);
      rest = rest.slice(name.length + value[0].length);
      if (rest.startsWith(',')) rest = rest.slice(1);
      else this.#must(rest.startsWith('}'), `expected , or }: ${rest}`);
    }
    return [labels, rest.slice(1)];
  }

  #number(text: string): [number, string] {
    const found = NUMBER.exec(text)?.[0];
    this.#must(found !== undefined, `no number: ${text}`);
    return [Number(found.replace('Inf', 'Infinity')), text.slice(found.length)];
  }

  #exemplar(
    text: string,
    name: string,
    of: Readonly<Record<string, string>>,
  ): NonNullable<ParsedSample['exemplar']> {
    this.#must(this.#format === 'openmetrics' && text.startsWith(' # {'), `more after the value: ${text}`);
    this.#must(/_(?:total|bucket)$/.test(name), `an exemplar at ${name}`);
    const [labels, rest] = this.#labels(text.slice(3));
    this.#must(
      Object.entries(labels).flat().join('').length <= 128,
      'an exemplar of more than 128 characters',
    );
    const [value, afterValue] = this.#number(rest.slice(1));
    const [seconds, end] = this.#number(afterValue.slice(1));
    this.#must(end === '', `more after the exemplar: ${end}`);
    if (of['le'] !== undefined)
      this.#must(value <= Number(of['le'].replace('Inf', 'Infinity')), 'an exemplar above its bucket');
    return { labels, value, seconds };
  }
}

/** Buckets ascend, end in +Inf, never fall, and agree with the count. */
function checkHistogram({ name, samples }: OpenFamily, openmetrics: boolean): void {
  const must = (good: boolean, what: string): void => {
    if (!good) throw new Error(`${name}: ${what}`);
  };
  const groups = new Map<string, ParsedSample[]>();
  for (const sample of samples) {
    const labels = Object.entries(sample.labels).filter(([label]) => label !== 'le');
    const key = JSON.stringify(labels.sort());
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter((sample) => sample.name.endsWith('_bucket'));
    let [last, count] = [-Infinity, 0];
    for (const { labels, value } of buckets) {
      const le = labels['le'] ?? '';
      const bound = Number(le.replace('Inf', 'Infinity'));
      must(bound > last, 'buckets are not in ascending order');
      must(Number.isSafeInteger(value) && value >= count, 'buckets are not cumulative');
      must(!openmetrics || /[.e]|Inf/.test(le), `le is no float: ${le}`);
      [last, count] = [bound, value];
    }
    must(last === Infinity, 'no +Inf bucket');
    const of = (suffix: string): number[] =>
      group.filter((sample) => sample.name === `${name}${suffix}`).map(({ value }) => value);
    must(of('_sum').length === 1 && of('_count').length === 1, 'expected one sum and one count');
    must(of('_count')[0] === count, 'the count is not that of the +Inf bucket');
  }
}
