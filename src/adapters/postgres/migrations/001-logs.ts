import type { Migration } from './migration.ts';

/**
 * `log_heads`: one row per log; `owner` is who may write, `fence` the highest token that ever did. `log_records`: the text of each
 * record as it was appended, with the CRC-32 of `<seq> <text>`.
 */
export const logs: Migration = {
  id: 1,
  name: 'logs',
  sql: `
    CREATE TABLE $schema.log_heads (
      log_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      name text COLLATE "C" NOT NULL UNIQUE,
      first_seq bigint NOT NULL,
      last_seq bigint NOT NULL,
      fence bigint NOT NULL,
      owner text NOT NULL,
      owned_since timestamptz NOT NULL
    ) WITH (fillfactor = 50);
    CREATE TABLE $schema.log_records (
      log_id integer NOT NULL,
      seq bigint NOT NULL,
      text text NOT NULL,
      crc bigint NOT NULL,
      PRIMARY KEY (log_id, seq)
    );`,
};
