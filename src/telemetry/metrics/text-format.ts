/** The two texts a scrape can be answered with: Prometheus 0.0.4 and OpenMetrics 1.0 (units and exemplars). */
export type ExpositionFormat = 'text' | 'openmetrics';

export const CONTENT_TYPES = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
} as const satisfies Record<ExpositionFormat, string>;

/**
 * The format a scraper asks for with its `Accept` header; text unless OpenMetrics 1.0 is preferred to it.
 *
 * @param accept the header as it came, such as `application/openmetrics-text;version=1.0.0,text/plain;q=0.5`
 */
export function negotiateFormat(accept: string | undefined): ExpositionFormat {
  let [openmetrics, text] = [0, 0];
  for (const part of (accept ?? '').toLowerCase().split(',')) {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const of = (name: string): string | undefined =>
      parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
    const weight = Number(of('q') ?? '1');
    if (!(weight >= 0)) continue;
    if (type === 'application/openmetrics-text' && (of('version') ?? '1.0.0') === '1.0.0')
      openmetrics = Math.max(openmetrics, weight);
    else if (type === 'text/plain') text = Math.max(text, weight);
  }
  return openmetrics > text ? 'openmetrics' : 'text';
}

/** A number as Prometheus reads it; the shortest text that is read back as the same one. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return `${value}`;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}

/** `le` of a bucket. OpenMetrics wants to see that it is a float. */
export function boundText(bound: number, format: ExpositionFormat): string {
  return format === 'openmetrics' && Number.isSafeInteger(bound) ? `${bound}.0` : numberText(bound);
}

const escape = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
const escapeQuoted = (text: string): string => escape(text).replaceAll('"', '\\"');

export const helpText = (help: string, format: ExpositionFormat): string =>
  format === 'openmetrics' ? escapeQuoted(help) : escape(help);

/** `a="1",b="2"`, without the braces. */
export const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, at) => `${name}="${escapeQuoted(values[at] ?? '')}"`).join(',');

export const braced = (labels: string): string => (labels === '' ? '' : `{${labels}}`);
