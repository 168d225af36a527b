import { describe, expect, test } from 'vitest';
import { lots } from '../../src/core/index.ts';
import { exitRoom, isExit, worstQty } from '../../src/trading/index.ts';

const cell = (pos: number, buy = 0, sell = 0) => ({ pos: lots(pos), buy: lots(buy), sell: lots(sell) });

describe('worstQty', () => {
  test.each([
    [0, 0, 0, 0],
    [5, 0, 0, 5],
    [-5, 0, 0, 5],
    [5, 3, 0, 8],
    [5, 0, 3, 5],
    [5, 0, 11, 6],
    [-5, 11, 0, 6],
    [-5, 0, 3, 8],
    [0, 4, 4, 4],
  ])(
    'of position %d with %d being bought and %d being sold is %d: sides are never netted',
    (pos, buy, sell, worst) => {
      expect(worstQty(lots(pos), lots(buy), lots(sell))).toBe(worst);
    },
  );
});

describe('isExit', () => {
  test.each([
    ['sell', 10, cell(10), true],
    ['sell', 11, cell(10), false],
    ['sell', 6, cell(10, 0, 4), true],
    ['sell', 7, cell(10, 0, 4), false],
    ['sell', 10, cell(10, 99, 0), true],
    ['buy', 10, cell(10), false],
    ['buy', 10, cell(-10), true],
    ['buy', 11, cell(-10), false],
    ['buy', 6, cell(-10, 4, 0), true],
    ['buy', 7, cell(-10, 4, 0), false],
    ['buy', 1, cell(0), false],
    ['sell', 1, cell(0), false],
  ] as const)('%s %d with %j: %s', (side, qty, position, expected) => {
    expect(isExit(side, lots(qty), position)).toBe(expected);
  });
});

describe('exitRoom', () => {
  test.each([
    ['sell', cell(10), 10],
    ['sell', cell(10, 5, 4), 6],
    ['sell', cell(10, 0, 12), 0],
    ['sell', cell(-10), 0],
    ['buy', cell(-10, 4, 5), 6],
    ['buy', cell(-10, 12, 0), 0],
    ['buy', cell(10), 0],
    ['buy', cell(0), 0],
  ] as const)('of a %s with %j is %d', (side, position, room) => {
    expect(exitRoom(side, position)).toBe(room);
  });
});
