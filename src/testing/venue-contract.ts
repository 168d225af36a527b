import type { ContractCase } from './contract-case.ts';
import { amendCases } from './venue/amend-cases.ts';
import { cancelCases } from './venue/cancel-cases.ts';
import { forgeryCases } from './venue/forgery-cases.ts';
import { orderCases } from './venue/order-cases.ts';
import { questionCases } from './venue/question-cases.ts';
import type { VenueUnderTest } from './venue/venue-under-test.ts';
import { waitCases } from './venue/wait-cases.ts';

export type { VenueUnderTest } from './venue/venue-under-test.ts';

/**
 * What every `VenueDriver` has to do, together with the venue behind it. Orders go the way that every order goes, through
 * a real `OrderDesk`, but where a desk would never send what has to be refused.
 */
export const venueContract: readonly ContractCase<VenueUnderTest>[] = [
  ...orderCases,
  ...cancelCases,
  ...questionCases,
  ...amendCases,
  ...waitCases,
  ...forgeryCases,
];
