import { PortcullisError } from '../../core/errors.ts';

/** One thing that is wrong with a configuration. */
export interface ConfigIssue {
  /** Path of the field, such as `http.port`; for what is no field, what it is: `profile`, `file`, the name of a variable. */
  readonly field: string;
  /** What it should have been. */
  readonly expected: string;
  /** What it was, as JSON, `[redacted]` for a secret; left out where there is no value to tell. */
  readonly got?: string;
  /** Where it stands: `environment QUOTES_HTTP__PORT`. */
  readonly source: string;
}

export const issueText = ({ field, expected, got, source }: ConfigIssue): string =>
  `${field}: ${expected}${got === undefined ? '' : `, got ${got}`} (${source})`;

/** Every issue in one error; `details.issues` has them as {@link ConfigIssue}. */
export const configInvalid = (name: string, issues: readonly ConfigIssue[]): PortcullisError =>
  new PortcullisError('CONFIG_INVALID', `configuration of ${name}: ${issues.map(issueText).join('; ')}`, {
    details: { issues },
  });
