/**
 * The only way to a venue. {@link OrderDesk} decides, holds, writes down, looks again, seals and sends; a {@link Venue} takes
 * nothing that its desk has not sealed; {@link PaperVenue} is one that exists on paper.
 *
 * @packageDocumentation
 */
export type { AdjustOrder } from './adjust.ts';
export type { FlowOrder, FundingOrder } from './flow.ts';
export type { ChangeDecision } from './change-order.ts';
export type { CancelOutcome } from './cancel.ts';
export type { DeskAudit } from './desk-audit.ts';
export type { DeskParts, OrderDeskOptions } from './desk-parts.ts';
export type { Difference, DifferenceCode, Reconciliation } from './reconcile/difference.ts';
export type { DeskAnomaly, DeskEvent, DeskListener } from './desk-event.ts';
export type { ExplainedOrder, Explanation } from './explain.ts';
export type { ExplainedSelfTrade } from './explain-self-trade.ts';
export { explanationText } from './explain-text.ts';
export type { FlattenOrder, FlattenReport, FlattenedPosition } from './flatten.ts';
export {
  type AccountOptions,
  Journal,
  type JournalListener,
  type JournalOptions,
  type JournalOutcome,
  type RetireOutcome,
} from './journal/journal.ts';
export type { CheckpointOutcome } from './journal/journal-checkpoint-writer.ts';
export type { JournalDeps, Recovered } from './journal/journal-replay.ts';
export type { JournalTenure } from './journal/journal-tenure.ts';
export type { AdjustedBy } from './journal/journal-adjusted.ts';
export { LimitControl, type LimitControlDeps, type LimitControlOptions } from './limits/limit-control.ts';
export type { LimitDifference } from './limits/limit-difference.ts';
export type { LimitInputs, LimitTexts } from './limits/limit-engines.ts';
export {
  type LimitFileDeps,
  type LimitFileEvent,
  type LimitFileOptions,
  LimitFileWatch,
  readLimitFile,
} from './limits/limit-file.ts';
export type { FirmCap, FirmCapOrder } from './limits/limit-cap.ts';
export type { LimitChangeOrder } from './limits/limit-order.ts';
export type { LimitRecord } from './limits/limit-record.ts';
export type { LimitChange, LimitSource, LimitStatus } from './limits/limit-status.ts';
export { LimitShares } from './limits/shares/limit-shares.ts';
export type {
  FirmLimitsOrder,
  LimitSharesDeps,
  LimitSharesOptions,
  ShareMoveOrder,
  ShareOutOrder,
} from './limits/shares/share-options.ts';
export { type ShareLimits, shareLimits } from './limits/shares/share-limits.ts';
export type { ShareAmounts, ShareMove, ShareRecord, SharedLimit } from './limits/shares/share-record.ts';
export type { LimitText } from './limits/limit-text.ts';
export { OrderArchive, type OrderArchiveDeps } from './journal/order-archive.ts';
export { JOURNAL_VERSION, type JournalRecord, type Stamp } from './journal/journal-record.ts';
export { OrderDesk, type OrderDeskDeps, type SealedOrder, Venue } from './order-desk.ts';
export { type Decision, type KnownOrder, type Older, OrderPath, type OrderPathDeps } from './order-path.ts';
export type {
  AmendReply,
  PlaceReply,
  VenueBalance,
  VenueDriver,
  VenueEvent,
  VenueFill,
  VenueOrder,
  VenueOrderReport,
  VenuePosition,
} from './venue/venue-driver.ts';
export type { VenueAnswers } from './venue/venue-questions.ts';
export { StrategyHost, type StrategyHostDeps } from './strategy-host.ts';
export type { Difference as VerdictDifference } from './replay/replay-compare.ts';
export { type ReplayedRecord, replayLog } from './replay/replay-log.ts';
export type { Replayed } from './replay/replay.ts';
export {
  type FillOf,
  ShadowDesk,
  type ShadowDeskDeps,
  type ShadowDeskOptions,
} from './shadow/shadow-desk.ts';
export type { ShadowExample, ShadowReason, ShadowReport, ShadowVerdict } from './shadow/shadow-report.ts';
export type { VerdictInputs } from './verdict-inputs/verdict-inputs.ts';
export type { Latency } from './paper/paper-latency.ts';
export type { PaperVenueOpening } from './paper/paper-opening.ts';
export type { RejectionOptions } from './paper/paper-rejections.ts';
export { type Execution, type PaperOrder, PaperVenue, type PaperVenueOptions } from './paper/paper-venue.ts';
export type { StopOptions } from './stop.ts';
export type { SubmitOptions } from './submit.ts';
export type { WriteOffOrder, WriteOffOutcome } from './reconcile/write-off.ts';
export type { SpentStamp } from './journal/journal-spent.ts';
export type { AtMost } from './self-trade.ts';
export { DeskMetrics, type DeskMetricsDeps, type DeskMetricsOptions } from './telemetry/desk-metrics.ts';
export { type DeskEventsDeps, publishDeskEvents } from './events/desk-event-publisher.ts';
export { JournalRelay } from './events/journal-relay.ts';
export { OutboxLog } from './events/outbox-log.ts';
export type { JournalRelayDeps, JournalRelayOptions, RelayStatus } from './events/relay-options.ts';
