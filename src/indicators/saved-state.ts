import { PortcullisError } from '../core/errors.ts';

/** The place in this list is the tag in saved states: append only. */
const KINDS = ['Ema', 'Rsi', 'BollingerBands', 'Atr'] as const;
const FORMAT_VERSION = 1;

type Kind = (typeof KINDS)[number];

/** A saved state begins with the kind of its indicator, the version of the format, and the options, as numbers. */
export const writeState = (kind: Kind, options: readonly number[], values: Iterable<number>): Float64Array =>
  Float64Array.from([KINDS.indexOf(kind), FORMAT_VERSION, ...options, ...values]);

/**
 * The values of a saved state, once it is known to be of this kind, these options and this many values.
 *
 * @param counters the first values, given by the highest each may be: whole numbers from 0
 * @throws {PortcullisError} `INPUT_INVALID`, saying what was expected and what came.
 */
export function readState(
  kind: Kind,
  options: readonly number[],
  counters: readonly number[],
  size: number,
  state: Float64Array,
): Float64Array {
  const [tag, version, ...rest] = state;
  const foundKind = KINDS[tag ?? -1];
  const foundOptions = rest.slice(0, options.length);
  const values = rest.slice(options.length);
  const refuse = (problem: string): never => {
    throw new PortcullisError('INPUT_INVALID', `${kind}.load: ${problem}`, { details: { kind, options } });
  };
  if (foundKind === undefined) refuse(`not the state of an indicator, it begins with ${tag ?? 'nothing'}`);
  if (foundKind !== kind) refuse(`the state is that of ${foundKind ?? 'another indicator'}`);
  if (version !== FORMAT_VERSION)
    refuse(`format version ${version ?? 'missing'}, this one reads ${FORMAT_VERSION}`);
  if (!options.every((option, i) => option === foundOptions[i])) {
    refuse(`saved with the options (${foundOptions.join(', ')}), expected (${options.join(', ')})`);
  }
  if (values.length !== size) refuse(`${values.length} values, expected ${size}`);
  if (!values.every(Number.isFinite)) refuse('a value is not finite');
  for (const [i, highest] of counters.entries()) {
    const counter = values[i];
    if (Number.isInteger(counter) && counter !== undefined && counter >= 0 && counter <= highest) continue;
    refuse(`counter ${i} is ${counter ?? 'missing'}, expected a whole number from 0 to ${highest}`);
  }
  return Float64Array.from(values);
}
