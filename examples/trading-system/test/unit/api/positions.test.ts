import { decimal } from 'portcullis/core';
import { describe, expect, test } from 'vitest';
import { portfolioApi } from '../../../api/portfolio-api.ts';
import { tradingApi } from '../../../api/trading-api.ts';

describe('positions', () => {
  const averagePrice = decimal('100').div(decimal('3')).toFixed();
  const held = {
    instrumentId: 'LTC-USD',
    quantity: '3',
    quote: 'USD',
    averagePrice,
    realised: '0',
    fees: '0',
  };

  test('are told with an average price that no division ends', () => {
    expect(averagePrice.length).toBeGreaterThan(23);
    const told = { accountId: 'main', currency: 'USD', positions: [held] };
    expect(tradingApi.getPositions.response.parse(told)).toEqual(told);
  });

  test('are told so by the history as well', () => {
    const told = { positions: [{ ...held, accountId: 'main', cost: '100', funding: '0', atMs: 0 }] };
    expect(portfolioApi.listPositions.response.parse(told)).toEqual(told);
  });
});
