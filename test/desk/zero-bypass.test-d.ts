// Compiled, never run: what the types of the seal forbid. A line that compiles after all fails `npm run types`.
/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment, @typescript-eslint/no-misused-spread, @typescript-eslint/no-unsafe-call --
   here it is the compiler that must refuse */
import type { ExecutionPolicy } from '../../src/execution/index.ts';
import type { OrderDeskDeps, SealedOrder, Venue, VenueOrder } from '../../src/desk/index.ts';
import type { RiskGuard } from '../../src/risk/index.ts';
import type { BookReader, OrderIntent } from '../../src/trading/index.ts';
// @ts-expect-error the class of a sealed order is not exported, only its type
import type { Sealed } from '../../src/desk/order-desk.ts';

declare const venue: Venue;
declare const sealed: SealedOrder;
declare const intent: OrderIntent;
declare const order: VenueOrder;
declare const book: BookReader;
declare const deps: OrderDeskDeps;
declare const signal: AbortSignal;

export const sent = venue.submit(sealed, signal);
export const gone: Sealed = undefined;

// @ts-expect-error an intent has not passed
export const bare = venue.submit(intent, signal);
// @ts-expect-error nor has what the venue would be sent
export const plain = venue.submit(order, signal);
// @ts-expect-error nor has nothing
export const empty = venue.submit({}, signal);
// @ts-expect-error a copy by spread loses the brand
export const copied = venue.submit({ ...sealed }, signal);
// @ts-expect-error a structural twin has no private fields
export const twin: SealedOrder = { order, venue, spent: false };
// @ts-expect-error a type has no constructor
export const made = new SealedOrder(order);
// @ts-expect-error the driver is out of reach
export const driver: unknown = venue.driver;
// @ts-expect-error an object with the same methods is no venue
export const lookalike: Venue = { name: 'x', submit: () => sent, cancel: () => Promise.resolve() };
// @ts-expect-error an object with the same methods is no guard
export const guard: RiskGuard = { ...deps.guard };
// @ts-expect-error an object with the same methods is no policy
export const policy: ExecutionPolicy = { ...deps.policy };
// @ts-expect-error a reader of the Book writes nothing
book.apply({ type: 'accepted', clientOrderId: 'x', atMs: 0 });
// @ts-expect-error what the Book shows of an order is not to be changed
export const changed = book.order('x').leaves++;
