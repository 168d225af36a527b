import { type ErrorCode, PortcullisError } from '../core/errors.ts';

/** Why something is not an order that a desk has sealed. */
export const forged = (message: string): PortcullisError =>
  new PortcullisError('SEAL_FORGED', `seal: ${message}`);

/** Why an order that a desk has sealed is not taken. */
export const sealError = (code: ErrorCode, id: string, why: string): PortcullisError =>
  new PortcullisError(code, `order ${id} ${why}`);
