import type { Clock } from 'portcullis/core';
import type { EventBus } from 'portcullis/events';
import type { TradingHistory } from 'portcullis/portfolio';
import type { StateSignals, StateStore, Tenure } from 'portcullis/storage';
import type { Role, SystemConfig } from '../config.ts';
import type { DeskStorage } from '../trading/desk-storage.ts';

/** Where a process of the system can be reached. */
export interface Endpoint {
  readonly role: Role;
  readonly instance: number;
  /** Of its HTTP, without a slash at the end. */
  readonly url: string;
  readonly pid: number;
}

/** Who is where, known to all processes of the system: entries `service:<role>:<instance>` of the shared state, which expire. */
export interface Endpoints {
  /** Tells where it is, again and again until disposed of; then the entry goes. */
  register(endpoint: Endpoint): AsyncDisposable;
  /** Those that have told lately, by instance. */
  list(role?: Role): Promise<readonly Endpoint[]>;
}

/** What the services share, opened by configuration: embedded, or on servers. */
export interface Parts {
  readonly clock: Clock;
  readonly bus: EventBus;
  /** What all processes share. */
  readonly state: StateStore;
  readonly signals: StateSignals;
  /** Opened with the first call, which only the portfolio service makes. */
  readonly history: () => Promise<TradingHistory>;
  readonly endpoints: Endpoints;
  /** Where files go: the configured data directory, or a temporary one that goes with `close`. */
  readonly dataDir: string;
  /** In order: what is still to be told goes out first. A second call is harmless. */
  close(): Promise<void>;
}

/** What a trading process has beside that. */
export interface TradingParts extends Parts {
  /** Where a desk keeps what its successor needs, for the holder of the lease alone. @throws what opening throws */
  readonly openDesk: (tenure: Tenure) => Promise<DeskStorage>;
  /** Begins what need not wait for the lease: connections, tables. Never throws. */
  readonly prepareDesk?: () => void;
}

/** What the constructor of each service takes, beside its parts. */
export interface ServiceSeat {
  readonly config: SystemConfig;
  /** From 1. */
  readonly instance: number;
}
