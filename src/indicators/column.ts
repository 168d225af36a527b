import { PortcullisError } from '../core/errors.ts';

/** Beyond this a number is no price, and its square, summed over any window, still fits a float64. */
const MAX_MAGNITUDE = 1e100;

/** Whether an input counts: NaN, infinities and what no price can be mean "no bar". */
export const isBar = (x: number): boolean => Math.abs(x) <= MAX_MAGNITUDE;

/** One value of a column; NaN ("no bar") past its end. */
export const at = (column: Float64Array, index: number): number => column[index] ?? NaN;

/**
 * Refuses columns that are not as long as the first.
 *
 * @throws {PortcullisError} `INPUT_INVALID`, naming the column and both lengths.
 */
export function requireLength(
  owner: string,
  length: number,
  columns: Readonly<Record<string, Float64Array>>,
): void {
  for (const [name, column] of Object.entries(columns)) {
    if (column.length === length) continue;
    throw new PortcullisError(
      'INPUT_INVALID',
      `${owner}: ${name} has ${column.length} values, expected ${length}, as many as the input`,
      { details: { column: name, length: column.length, expected: length } },
    );
  }
}
