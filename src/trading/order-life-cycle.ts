/** The whole life of an order: what can happen in which state, and what it leads to. `filled` that leaves nothing leads to `filled`. */
export const TRANSITIONS = {
  submitting: {
    accepted: 'working',
    rejected: 'rejected',
    timedOut: 'unknown',
    filled: 'working',
    abandoned: 'abandoned',
    cancelRequested: 'cancelPending',
    cancelled: 'cancelled',
    expired: 'expired',
  },
  working: {
    accepted: 'working',
    filled: 'working',
    rejected: 'rejected',
    cancelRequested: 'cancelPending',
    cancelFailed: 'working', // the second of two cancels
    cancelled: 'cancelled',
    expired: 'expired',
    timedOut: 'unknown',
    amendRequested: 'working',
    amended: 'working',
    amendFailed: 'working',
  },
  cancelPending: {
    abandoned: 'abandoned', // cancelled by its strategy or a trip before it was sent
    accepted: 'cancelPending',
    filled: 'cancelPending',
    rejected: 'rejected',
    cancelRequested: 'cancelPending',
    cancelled: 'cancelled',
    cancelFailed: 'working',
    expired: 'expired',
    timedOut: 'unknown',
    amended: 'cancelPending',
    amendFailed: 'cancelPending',
  },
  unknown: {
    accepted: 'working',
    filled: 'unknown',
    rejected: 'rejected',
    cancelRequested: 'unknown',
    cancelFailed: 'unknown',
    cancelled: 'cancelled',
    expired: 'expired',
    absent: 'rejected',
    timedOut: 'unknown',
    amended: 'unknown',
    amendFailed: 'unknown',
  },
  // What is over can still be contradicted by a late fact, and facts are always booked.
  filled: {
    filled: 'filled',
    accepted: 'filled',
    cancelFailed: 'filled',
    cancelled: 'filled',
    expired: 'filled',
    timedOut: 'filled',
    amended: 'filled',
    amendFailed: 'filled',
  },
  cancelled: {
    filled: 'cancelled',
    accepted: 'cancelled', // the reply to the placing may come after the report of an immediate order
    cancelled: 'cancelled',
    expired: 'cancelled',
    cancelFailed: 'cancelled',
    timedOut: 'cancelled',
    amended: 'cancelled',
    amendFailed: 'cancelled',
    absent: 'cancelled',
  },
  expired: {
    filled: 'expired',
    accepted: 'expired',
    expired: 'expired',
    cancelled: 'expired',
    cancelFailed: 'expired',
    timedOut: 'expired',
    amended: 'expired',
    amendFailed: 'expired',
    absent: 'expired',
  },
  rejected: {
    filled: 'working',
    accepted: 'working',
    rejected: 'rejected',
    cancelFailed: 'rejected',
    timedOut: 'rejected',
    amendFailed: 'rejected',
  },
  abandoned: {},
} as const;

export type OrderState = keyof typeof TRANSITIONS;

export type OrderEventType = { [S in OrderState]: keyof (typeof TRANSITIONS)[S] }[OrderState];

const TABLE: Readonly<Record<OrderState, Readonly<Partial<Record<OrderEventType, OrderState>>>>> =
  TRANSITIONS;

/** The state that follows, or `undefined` where the table has no such event. */
export const nextState = (state: OrderState, event: OrderEventType): OrderState | undefined =>
  TABLE[state][event];

const OPEN: ReadonlySet<OrderState> = new Set(['submitting', 'working', 'cancelPending', 'unknown']);

/** Whether the venue may still fill it, as far as we know. */
export const isOpen = (state: OrderState): boolean => OPEN.has(state);
