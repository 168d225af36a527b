import type { Units } from '../../core/units.ts';
import type { RiskView } from '../risk-gate.ts';

/**
 * Whether exposure may become `after`: it is within the limit, or the order does not make it grow, so that an account
 * that the market pushed over its limit can shrink. A limit of 0 takes no entry at all, and beyond the exact range of
 * money nobody knows what grows.
 */
export const maySpan = (
  limit: Units,
  after: Units,
  { worstBefore, worstAfter }: Pick<RiskView, 'worstBefore' | 'worstAfter'>,
): boolean => after <= limit || (limit > 0 && worstAfter <= worstBefore && worstAfter < Infinity);
