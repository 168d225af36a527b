import { PortcullisError } from '../../core/errors.ts';
import { type DeskTenure, leaseLost } from '../desk-tenure.ts';
import type { Outlet } from './outlet.ts';

/** What changes something at the venue. */
export interface WayOut extends Pick<Outlet, 'place' | 'amend'> {
  cancel(clientOrderId: string, signal: AbortSignal): Promise<void>;
}

/** The way out, each request after a look at the lease in the same tick: what is refused has not left. */
export function underTenure(tenure: DeskTenure, outlet: Outlet): WayOut {
  const held = <T>(what: string, send: () => Promise<T>): Promise<T> =>
    tenure.isOver ? Promise.reject(new PortcullisError('LEASE_LOST', leaseLost(what))) : send();
  return {
    place: (order, signal) => held('order', () => outlet.place(order, signal)),
    amend: (order, signal) => held('amendment', () => outlet.amend(order, signal)),
    cancel: (id, signal) => held('cancel', () => outlet.venue.cancel(id, signal)),
  };
}
