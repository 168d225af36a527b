import type { PublishReceipt } from './event-bus.ts';
import type { DeadReason } from './dead-letter.ts';

const OUTCOMES = [
  'published',
  'duplicate',
  'spilled',
  'dropped',
] as const satisfies readonly PublishReceipt['outcome'][];

const REASONS = [
  'UNKNOWN_TYPE',
  'UNKNOWN_VERSION',
  'INVALID',
  'ATTEMPTS_EXHAUSTED',
  'CRASHED',
  'REFUSED',
] as const satisfies readonly DeadReason[];

/** Definitions of what every bus counts; `bus` is its name. */
export const BUS_PUBLISHED = {
  name: 'trading_bus_published_total',
  help: 'Publications by what became of them.',
  labels: { bus: 'any', topic: 'any', outcome: OUTCOMES },
} as const;

export const BUS_PUBLISH_DURATION = {
  name: 'trading_bus_publish_duration_seconds',
  help: 'From publish to its receipt, of events that the bus has taken.',
  unit: 'seconds',
  labels: ['bus', 'topic'],
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
} as const;

export const BUS_HANDLED = {
  name: 'trading_bus_handled_total',
  help: 'Attempts to handle an event, by how they ended.',
  labels: { bus: 'any', group: 'any', outcome: ['done', 'failed', 'timed-out', 'dead'] },
} as const;

export const BUS_HANDLER_DURATION = {
  name: 'trading_bus_handler_duration_seconds',
  help: 'What one attempt to handle an event takes. Of those that end within the call one in 64 is measured.',
  unit: 'seconds',
  labels: ['bus', 'group'],
  buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30],
} as const;

export const BUS_DEAD_LETTERS = {
  name: 'trading_bus_dead_letters_total',
  help: 'Events moved to the dead letters, by why.',
  labels: { bus: 'any', group: 'any', reason: REASONS },
} as const;

export const BUS_REDELIVERED = {
  name: 'trading_bus_redelivered_total',
  help: 'Events taken over from a member that is gone, or from before a restart.',
  labels: ['bus', 'group'],
} as const;

export const BUS_LOST = {
  name: 'trading_bus_lost_total',
  help: 'Events that a group should have got and never will: removed by a policy or by somebody else before it acknowledged them.',
  labels: { bus: 'any', topic: 'any', group: 'any', because: ['dropped', 'trimmed', 'reset'] },
} as const;

export const BUS_LAG = {
  name: 'trading_bus_lag_events',
  help: 'Events of a topic that a group has not been given yet. Absent where the server cannot say.',
  labels: ['bus', 'topic', 'group'],
} as const;

export const BUS_PENDING = {
  name: 'trading_bus_pending_events',
  help: 'Events given to a group and not yet acknowledged.',
  labels: ['bus', 'topic', 'group'],
} as const;

export const BUS_WAITING = {
  name: 'trading_bus_waiting_events',
  help: 'Events taken by this process that the bus does not have yet, in memory or on disk.',
  labels: { bus: 'any', where: ['memory', 'disk'] },
} as const;

export const BUS_CONNECTED = {
  name: 'trading_bus_connected',
  help: '1 while events reach the bus, 0 while they are kept in this process.',
  labels: ['bus'],
} as const;

export const BUS_EVENTS_KEPT = {
  name: 'trading_bus_kept_events',
  help: 'Events that a topic holds.',
  labels: ['bus', 'topic'],
} as const;

export const BUS_PUBLISH_FAILURES = {
  name: 'trading_bus_publish_failures_total',
  help: 'Events that a part of the system has given up, because the bus refused or dropped them or had no room.',
  labels: ['publisher'],
} as const;
