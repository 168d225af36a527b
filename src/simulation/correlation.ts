import { z } from 'zod';
import type { SeededRandom } from '../core/random.ts';

/** What rounding may leave of an exact zero or symmetry. */
const NEARLY = 1e-9;

const coefficient = z.number().min(-1).max(1);
const Matrix = z
  .array(z.array(coefficient).min(1))
  .min(1)
  .superRefine((rows, context) => {
    const flaw = matrixFlaw(rows);
    if (flaw !== undefined) context.addIssue({ code: 'custom', message: flaw });
  });

export const correlationSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('independent') }),
  z.strictObject({ kind: z.literal('factor'), loadings: z.array(coefficient).min(1) }),
  z.strictObject({ kind: z.literal('matrix'), rows: Matrix }),
]);

/**
 * How the returns of several instruments move together, in the order of the instruments.
 *
 * - `independent`: not at all.
 * - `factor`: each has a loading from -1 to 1 on one common factor; two correlate by the product of their loadings.
 * - `matrix`: every pair by itself; symmetric, 1 on the diagonal, positive semi-definite.
 *
 * @useDeclaredType
 */
export type CorrelationOptions = z.input<typeof correlationSchema>;
/** Rows of coefficients from -1 to 1, 1 on the diagonal. */
export type CorrelationMatrix = readonly (readonly number[])[];

/** The correlation of every pair that the options ask for. */
export function correlationMatrix(options: CorrelationOptions, count: number): CorrelationMatrix {
  const pair = (i: number, j: number): number => {
    if (i === j) return 1;
    if (options.kind === 'independent') return 0;
    if (options.kind === 'matrix') return options.rows[i]?.[j] ?? NaN;
    return (options.loadings[i] ?? NaN) * (options.loadings[j] ?? NaN);
  };
  return Array.from({ length: count }, (_, i) => Array.from({ length: count }, (__, j) => pair(i, j)));
}

/** How many instruments the options are for; `undefined` when for any number. */
export const correlatedCount = (options: CorrelationOptions): number | undefined =>
  options.kind === 'independent'
    ? undefined
    : options.kind === 'factor'
      ? options.loadings.length
      : options.rows.length;

/** Draws from standard normal distributions with the correlations of a matrix, by its Cholesky factor. */
export class CorrelatedNormals {
  readonly #lower: CorrelationMatrix;
  readonly #random: SeededRandom;
  readonly #independent: Float64Array;

  /** @param matrix one that `correlationSchema` lets through */
  constructor(matrix: CorrelationMatrix, random: SeededRandom) {
    this.#lower = choleskyFactor(matrix) ?? [];
    this.#random = random;
    this.#independent = new Float64Array(matrix.length);
  }

  /** One number for each row of the matrix. */
  draw(): Float64Array {
    const independent = this.#independent;
    for (let i = 0; i < independent.length; i += 1) independent[i] = this.#random.normal();
    return Float64Array.from(this.#lower, (row) =>
      row.reduce((sum, weight, j) => sum + weight * (independent[j] ?? NaN), 0),
    );
  }
}

function matrixFlaw(rows: CorrelationMatrix): string | undefined {
  const size = rows.length;
  for (const [i, row] of rows.entries()) {
    if (row.length !== size) return `expected ${size} columns in row ${i}, got ${row.length}`;
    if (row[i] !== 1) return `expected 1 on the diagonal of row ${i}, got ${String(row[i])}`;
    for (const [j, value] of row.entries()) {
      const mirrored = rows[j]?.[i] ?? NaN;
      if (!(Math.abs(value - mirrored) <= NEARLY))
        return `expected a symmetric matrix, got ${value} in row ${i}, column ${j} and ${mirrored} across`;
    }
  }
  return choleskyFactor(rows) === undefined
    ? 'expected a positive semi-definite matrix: no markets can have these correlations at once'
    : undefined;
}

/** The lower triangle whose product with its transpose is the matrix; `undefined` if the matrix is not positive semi-definite. */
function choleskyFactor(matrix: CorrelationMatrix): CorrelationMatrix | undefined {
  const lower: number[][] = [];
  for (const [i, row] of matrix.entries()) {
    const own: number[] = [];
    for (let j = 0; j <= i; j += 1) {
      const above = j === i ? own : (lower[j] ?? []);
      let rest = row[j] ?? NaN;
      for (let k = 0; k < j; k += 1) rest -= (own[k] ?? NaN) * (above[k] ?? NaN);
      if (j === i) {
        if (!(rest >= -NEARLY)) return undefined;
        own.push(rest > NEARLY ? Math.sqrt(rest) : 0);
      } else {
        const pivot = above[j] ?? NaN;
        // What the instruments before it determine wholly has no part of its own to correlate with.
        if (pivot === 0 && !(Math.abs(rest) <= Math.sqrt(NEARLY))) return undefined;
        own.push(pivot === 0 ? 0 : rest / pivot);
      }
    }
    lower.push(own);
  }
  return lower;
}
