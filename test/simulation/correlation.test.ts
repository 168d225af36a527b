import { describe, expect, test } from 'vitest';
import { SeededRandom } from '../../src/core/random.ts';
import {
  CorrelatedNormals,
  type CorrelationMatrix,
  correlationMatrix,
  correlationSchema,
} from '../../src/simulation/correlation.ts';
import { pearson } from './statistics.ts';

const parse = (rows: readonly (readonly number[])[]): unknown =>
  correlationSchema.parse({ kind: 'matrix', rows });

const realised = (matrix: CorrelationMatrix, draws = 20_000): number[][] => {
  const normals = new CorrelatedNormals(matrix, new SeededRandom(1));
  const columns = matrix.map((): number[] => []);
  for (let n = 0; n < draws; n += 1) {
    for (const [i, value] of normals.draw().entries()) columns[i]?.push(value);
  }
  return columns.map((a) => columns.map((b) => pearson(a, b)));
};

describe('correlationMatrix', () => {
  test('of independent instruments is the identity', () => {
    expect(correlationMatrix({ kind: 'independent' }, 2)).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  test('of loadings is their products, with 1 on the diagonal', () => {
    expect(correlationMatrix({ kind: 'factor', loadings: [0.5, -1, 0] }, 3)).toEqual([
      [1, -0.5, 0],
      [-0.5, 1, -0],
      [0, -0, 1],
    ]);
  });

  test('of a matrix is that matrix', () => {
    const rows = [
      [1, 0.3],
      [0.3, 1],
    ];
    expect(correlationMatrix({ kind: 'matrix', rows }, 2)).toEqual(rows);
  });
});

describe('a correlation matrix', () => {
  test.for<[string, number[][], string]>([
    [
      'that is not square',
      [
        [1, 0],
        [0, 1],
        [0, 0],
      ],
      'expected 3 columns in row 0, got 2',
    ],
    ['without a 1 on the diagonal', [[0.9]], 'expected 1 on the diagonal of row 0, got 0.9'],
    [
      'that is not symmetric',
      [
        [1, 0.5],
        [0.4, 1],
      ],
      'expected a symmetric matrix, got 0.5 in row 0, column 1 and 0.4 across',
    ],
    [
      'of three markets of which two follow the third and flee each other',
      [
        [1, 0.9, 0.9],
        [0.9, 1, -0.9],
        [0.9, -0.9, 1],
      ],
      'expected a positive semi-definite matrix',
    ],
    [
      'of two that are one and see the third differently',
      [
        [1, 1, 0.5],
        [1, 1, 0.4],
        [0.5, 0.4, 1],
      ],
      'expected a positive semi-definite matrix',
    ],
    ['with more than 1', [[1, 1.1]], 'expected number to be <=1'],
    ['with NaN', [[NaN]], 'expected number, received NaN'],
  ])('is refused when it is one %s', ([, rows, message]) => {
    expect(() => parse(rows)).toThrow(message);
  });

  test.for<[string, number[][]]>([
    [
      'at the edge of what is possible',
      [
        [1, 0.9, 0.9],
        [0.9, 1, 0.62],
        [0.9, 0.62, 1],
      ],
    ],
    [
      'of two instruments that are one',
      [
        [1, 1],
        [1, 1],
      ],
    ],
    [
      'of two that are opposites',
      [
        [1, -1],
        [-1, 1],
      ],
    ],
    ['of one', [[1]]],
  ])('is taken when it is one %s', ([, rows]) => {
    expect(() => parse(rows)).not.toThrow();
  });
});

describe('CorrelatedNormals', () => {
  test('draws what correlates as asked', () => {
    const matrix = [
      [1, 0.8, -0.3],
      [0.8, 1, 0.1],
      [-0.3, 0.1, 1],
    ];
    for (const [i, row] of realised(matrix).entries()) {
      for (const [j, value] of row.entries()) expect(value).toBeCloseTo(matrix[i]?.[j] ?? NaN, 1.5);
    }
  });

  test('draws the same for instruments that are one, also before a third', () => {
    const [row] = realised(
      [
        [1, 1, 0.5],
        [1, 1, 0.5],
        [0.5, 0.5, 1],
      ],
      5_000,
    );
    expect(row?.[1]).toBeCloseTo(1, 12);
    expect(row?.[2]).toBeCloseTo(0.5, 1);
  });

  test('draws with a deviation of 1', () => {
    const normals = new CorrelatedNormals(
      correlationMatrix({ kind: 'factor', loadings: [0.9, 0.9] }, 2),
      new SeededRandom(3),
    );
    let squares = 0;
    for (let n = 0; n < 10_000; n += 1) squares += (normals.draw()[1] ?? NaN) ** 2;
    expect(squares / 10_000).toBeCloseTo(1, 1);
  });
});
