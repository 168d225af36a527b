import { afterAll, beforeAll, describe, test } from 'vitest';
import { venueContract } from '../../src/testing/venue-contract.ts';
import { ToyVenues } from '../support/toy-venues.ts';

describe.for([
  ['whole numbers', { listing: { tick: '1', step: '1' }, latencyMs: 0 }],
  [
    'a fine grid, odd fees, a smallest value, and latency',
    {
      listing: {
        tick: '0.05',
        step: '0.003',
        minNotional: '1',
        makerFeeRate: '-0.000037',
        takerFeeRate: '0.000413',
      },
      latencyMs: 3,
    },
  ],
] as const)('venue contract: toy exchange, %s', ([, options]) => {
  let venues: ToyVenues;
  beforeAll(async () => {
    venues = await ToyVenues.start({ ...options, count: venueContract.length });
  });
  afterAll(() => venues[Symbol.asyncDispose]());

  for (const contract of venueContract) test(contract.name, () => contract.run(() => venues.open()));
});
