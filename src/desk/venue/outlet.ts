import type { AmendReply, PlaceReply, VenueOrder } from './venue-driver.ts';
import type { VenueAnswers } from './venue-questions.ts';

/** The way out, as only the desk of the venue has it: it seals what it is given. */
export interface Outlet {
  readonly venue: {
    readonly name: string;
    readonly canAmend: boolean;
    readonly answers: VenueAnswers;
    cancel(clientOrderId: string, signal: AbortSignal): Promise<void>;
  };
  place(order: VenueOrder, signal: AbortSignal): Promise<PlaceReply>;
  amend(order: VenueOrder, signal: AbortSignal): Promise<AmendReply>;
  /** Hears what the venue tells, until disposed. */
  listen(listener: (event: unknown) => void): Disposable;
}
