import { type ExpositionFormat, helpText } from './text-format.ts';

/** A metric as the exposition sees it. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly unit: string | undefined;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'info' | 'summary';
  /** Its series at this moment; what is observed later does not show. */
  copy(): FamilyCopy;
}

export interface FamilyCopy {
  /** How many series there are. */
  readonly size: number;
  readonly linesPerSeries: number;
  /** The samples of the series from `from` up to, but not including, `to`; each line ends. */
  lines(from: number, to: number, format: ExpositionFormat): string;
}

/** OpenMetrics names a family without the suffix of its samples. */
export function familyName({ name, type }: Pick<Family, 'name' | 'type'>): string {
  if (type === 'counter') return name.replace(/_total$/, '');
  return type === 'info' ? name.replace(/_info$/, '') : name;
}

/** What stands before the samples; each line ends. */
export function familyHead(family: Family, format: ExpositionFormat): string {
  const { help, unit, type } = family;
  const openmetrics = format === 'openmetrics';
  const name = openmetrics ? familyName(family) : family.name;
  const shown = type === 'info' && !openmetrics ? 'gauge' : type;
  const unitLine = openmetrics && unit !== undefined ? `# UNIT ${name} ${unit}\n` : '';
  return `# HELP ${name} ${helpText(help, format)}\n# TYPE ${name} ${shown}\n${unitLine}`;
}
