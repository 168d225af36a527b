import type { Migration } from './migration.ts';

/** The tables of a trading history: its rows as `TradingHistory` tells them, what its projector goes on from, and the events it has taken. */
export const history: Migration = {
  id: 4,
  name: 'history',
  sql: `
    CREATE TABLE $schema.history_orders (
      client_order_id text COLLATE "C" NOT NULL,
      intent_id text COLLATE "C" NOT NULL,
      account_id text COLLATE "C" NOT NULL,
      strategy_id text COLLATE "C" NOT NULL,
      instrument_id text COLLATE "C" NOT NULL,
      side text COLLATE "C" NOT NULL,
      state text COLLATE "C" NOT NULL,
      type text COLLATE "C",
      time_in_force text COLLATE "C",
      post_only boolean,
      reduce_only boolean,
      is_exit boolean,
      requested_quantity numeric,
      quantity numeric,
      worst_price numeric,
      cumulative_quantity numeric NOT NULL,
      leaves_quantity numeric NOT NULL,
      filled_value numeric NOT NULL,
      venue_order_id text COLLATE "C",
      limits_hash text COLLATE "C",
      reason text,
      at_ms bigint NOT NULL,
      updated_ms bigint NOT NULL,
      PRIMARY KEY (client_order_id)
    );
    CREATE TABLE $schema.history_fills (
      client_order_id text COLLATE "C" NOT NULL,
      execution_id text COLLATE "C" NOT NULL,
      account_id text COLLATE "C" NOT NULL,
      strategy_id text COLLATE "C" NOT NULL,
      instrument_id text COLLATE "C" NOT NULL,
      side text COLLATE "C" NOT NULL,
      quantity numeric NOT NULL,
      price numeric NOT NULL,
      fee_amount numeric NOT NULL,
      fee_currency text COLLATE "C" NOT NULL,
      liquidity text COLLATE "C" NOT NULL,
      at_ms bigint NOT NULL,
      seq bigint NOT NULL,
      PRIMARY KEY (client_order_id, execution_id)
    );
    CREATE TABLE $schema.history_position_changes (
      account_id text COLLATE "C" NOT NULL,
      instrument_id text COLLATE "C" NOT NULL,
      quantity numeric NOT NULL,
      quote text COLLATE "C" NOT NULL,
      average_price numeric,
      cost numeric NOT NULL,
      realised numeric NOT NULL,
      fees numeric NOT NULL,
      funding numeric NOT NULL,
      at_ms bigint NOT NULL,
      seq bigint NOT NULL,
      PRIMARY KEY (account_id, instrument_id, seq)
    );
    CREATE TABLE $schema.history_positions (
      account_id text COLLATE "C" NOT NULL,
      instrument_id text COLLATE "C" NOT NULL,
      quantity numeric NOT NULL,
      quote text COLLATE "C" NOT NULL,
      average_price numeric,
      cost numeric NOT NULL,
      realised numeric NOT NULL,
      fees numeric NOT NULL,
      funding numeric NOT NULL,
      at_ms bigint NOT NULL,
      seq bigint NOT NULL,
      lots bigint NOT NULL,
      dust numeric NOT NULL,
      PRIMARY KEY (account_id, instrument_id)
    );
    CREATE TABLE $schema.history_ledger (
      account_id text COLLATE "C" NOT NULL,
      currency text COLLATE "C" NOT NULL,
      seq bigint NOT NULL,
      at_ms bigint NOT NULL,
      kind text COLLATE "C" NOT NULL,
      amount numeric NOT NULL,
      balance numeric NOT NULL,
      reference text COLLATE "C",
      instrument_id text COLLATE "C",
      PRIMARY KEY (account_id, currency, seq)
    );
    CREATE TABLE $schema.history_balances (
      account_id text COLLATE "C" NOT NULL,
      currency text COLLATE "C" NOT NULL,
      amount numeric NOT NULL,
      PRIMARY KEY (account_id, currency)
    );
    CREATE TABLE $schema.history_accounts (
      account_id text COLLATE "C" NOT NULL,
      currency text COLLATE "C",
      opened_ms bigint,
      day_id text COLLATE "C",
      updated_ms bigint NOT NULL,
      is_complete boolean NOT NULL,
      revision bigint NOT NULL,
      seq bigint NOT NULL,
      PRIMARY KEY (account_id)
    );
    CREATE TABLE $schema.history_equity (
      account_id text COLLATE "C" NOT NULL,
      at_ms bigint NOT NULL,
      sample_id text COLLATE "C" NOT NULL,
      equity numeric NOT NULL,
      balance numeric,
      high_water numeric,
      drawdown_fraction double precision,
      PRIMARY KEY (account_id, at_ms, sample_id)
    );
    CREATE TABLE $schema.history_gaps (
      account_id text COLLATE "C" NOT NULL,
      code text COLLATE "C" NOT NULL,
      at_ms bigint NOT NULL,
      source text COLLATE "C" NOT NULL,
      event_id text COLLATE "C" NOT NULL,
      client_order_id text COLLATE "C",
      detail text NOT NULL,
      PRIMARY KEY (source, event_id, code)
    );
    CREATE TABLE $schema.history_marks (
      mark text COLLATE "C" NOT NULL,
      at_ms bigint NOT NULL,
      PRIMARY KEY (mark)
    );
    CREATE TABLE $schema.history_horizon (
      id bigint NOT NULL,
      before_ms bigint NOT NULL,
      PRIMARY KEY (id)
    );
    CREATE INDEX ON $schema.history_orders (at_ms, client_order_id);
    CREATE INDEX ON $schema.history_orders (account_id, at_ms, client_order_id);
    CREATE INDEX ON $schema.history_orders (strategy_id, at_ms, client_order_id);
    CREATE INDEX ON $schema.history_orders (instrument_id, at_ms, client_order_id);
    CREATE INDEX ON $schema.history_orders (state, at_ms, client_order_id);
    CREATE INDEX ON $schema.history_fills (at_ms, seq, client_order_id);
    CREATE INDEX ON $schema.history_fills (account_id, at_ms, seq, client_order_id);
    CREATE INDEX ON $schema.history_fills (instrument_id, at_ms, seq, client_order_id);
    CREATE INDEX ON $schema.history_position_changes (account_id, instrument_id, at_ms, seq);
    CREATE INDEX ON $schema.history_ledger (account_id, at_ms, seq);
    CREATE INDEX ON $schema.history_ledger (account_id, currency, at_ms, seq);
    CREATE INDEX ON $schema.history_gaps (at_ms, source, event_id, code);
    CREATE INDEX ON $schema.history_gaps (account_id, at_ms, source, event_id, code);
    CREATE INDEX ON $schema.history_marks (at_ms);`,
};
