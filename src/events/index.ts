/**
 * Events between the parts of a system and between its processes: CloudEvents with a schema per type, groups that share the
 * work, at least once and in order by key. Start with {@link EventBus} and {@link eventType}.
 *
 * @packageDocumentation
 */
export { type BusEvent, orderingKey } from './bus-event.ts';
export {
  type BusCloseReport,
  type BusStatus,
  type DeadLetter,
  type DeadLetterFilter,
  type DeadLetterResult,
  type DeadLetters,
  type DeadReason,
  type DeliveryContext,
  type EventBus,
  type EventHandler,
  type EventOf,
  type GroupStatus,
  type OverflowPolicy,
  type PublishOptions,
  type PublishReceipt,
  type Replay,
  type ReplayOptions,
  type ReplayReport,
  type StartPosition,
  type SubscribeOptions,
  type Subscription,
  deadLetter,
} from './event-bus.ts';
export { EventCatalogue, type ReadEvent } from './event-catalogue.ts';
export { type EventType, type EventTypeDefinition, type PreviousVersion, eventType } from './event-type.ts';
