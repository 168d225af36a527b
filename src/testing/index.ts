/**
 * What proves that an implementation of yours keeps its contract: one suite per port, and fakes that a test drives by
 * hand. A suite is a list of cases over `node:assert`, for any test runner.
 *
 * @packageDocumentation
 */
export { type AppendLogUnderTest, appendLogContract } from './append-log-contract.ts';
export type { ContractCase } from './contract-case.ts';
export {
  type EventBusUnderTest,
  type FullBusUnderTest,
  contractCatalogue,
  eventBusContract,
} from './event-bus-contract.ts';
export { type FakeFlag, FakeFlags, type FlagQuestion } from './fake-flags.ts';
export { SERVER_CERTIFICATES, type ClientCertificate, type ServerCertificate } from './fault-certificates.ts';
export { type SequenceFaults, brokenFrames, sequence } from './fault-frames.ts';
export type { HttpAnswerFields, HttpFault } from './fault-http.ts';
export { httpFaults } from './fault-recipes.ts';
export { type FaultPlan, type FaultScript, burst, flapping } from './fault-script.ts';
export {
  type ConnectionFault,
  type FaultRequest,
  FaultServer,
  type FaultServerDeps,
  type FaultServerOptions,
} from './fault-server.ts';
export {
  FaultWebSockets,
  type WebSocketFault,
  type WebSocketHandshake,
  type WebSocketMessage,
} from './fault-websocket.ts';
export type { AcceptedWebSocket } from './fault-websocket-session.ts';
export type { WebSocketStep } from './fault-websocket-steps.ts';
export type { Credentials } from './fault-x509.ts';
export { ScriptedAppendLog } from './scripted-append-log.ts';
export { ScriptedUpstream, type UpstreamAnswer, type UpstreamRequest } from './scripted-upstream.ts';
export { type SnapshotStoreUnderTest, snapshotStoreContract } from './snapshot-store-contract.ts';
export { type StateSignalsUnderTest, stateSignalsContract } from './state-signals-contract.ts';
export { type StateStoreUnderTest, stateStoreContract } from './state-store-contract.ts';
export { type TradingHistoryUnderTest, tradingHistoryContract } from './trading-history-contract.ts';
export { type VenueUnderTest, venueContract } from './venue-contract.ts';
export {
  type TestPorts,
  type TestableService,
  type TestedLine,
  type TestedService,
  testService,
} from './test-service.ts';
