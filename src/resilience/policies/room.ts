import type { Call } from '../call.ts';

/** What stands further in and takes only so many calls at a time, such as a bulkhead. */
export interface Room {
  /** Whether there is room for one more call. */
  hasRoom(): boolean;
  /** A call has come. Room is kept for its attempts from now on, until `end`. */
  begin(call: Call): void;
  /** An attempt of this call has been let go: keeps room for it until it arrives. Nothing to do for a call that has not begun. */
  keep(call: Call): void;
  /** The call has ended, and all of its attempts with it: room that none of them took is free. */
  end(call: Call): void;
}
