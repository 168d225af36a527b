import { PortcullisError } from '../../core/errors.ts';
import { messageOf } from '../../core/message-of.ts';

export const busy = (): PortcullisError =>
  new PortcullisError('STORE_UNAVAILABLE', 'the shared kill switch is being changed all the time');

export const missing = (): PortcullisError =>
  new PortcullisError(
    'STORE_UNAVAILABLE',
    'the shared kill switch is not there, and is being written anew: release again then',
  );

export const asError = (error: unknown): PortcullisError =>
  error instanceof PortcullisError
    ? error
    : new PortcullisError('CALLBACK_FAILED', `the shared kill switch: ${messageOf(error)}`, { cause: error });
