import type { Migration } from './migration.ts';

/**
 * `state_stores`: one row per store, whose `version` is the last one given; `state`: its entries. Writers of a store take turns by
 * its row, so that versions grow in the order in which changes can be seen. A version is at least the server's time in
 * microseconds: one given before a loss of data (a restored backup, a failover) is not given again after it.
 */
export const state: Migration = {
  id: 2,
  name: 'state',
  sql: `
    CREATE TABLE $schema.state_stores (
      store text COLLATE "C" PRIMARY KEY,
      version bigint NOT NULL
    ) WITH (fillfactor = 50);
    CREATE TABLE $schema.state (
      store text COLLATE "C" NOT NULL,
      key text COLLATE "C" NOT NULL,
      value text NOT NULL,
      version bigint NOT NULL,
      expires_at_ms bigint,
      PRIMARY KEY (store, key)
    );
    CREATE INDEX state_expiry ON $schema.state (store, expires_at_ms) WHERE expires_at_ms IS NOT NULL;

    CREATE FUNCTION $schema.now_ms() RETURNS bigint LANGUAGE sql VOLATILE SET search_path = pg_catalog
      AS $body$ SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint $body$;

    CREATE FUNCTION $schema.state_turn(in_store text) RETURNS bigint
      LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
    DECLARE last_version bigint;
    BEGIN
      INSERT INTO $schema.state_stores AS s (store, version) VALUES (in_store, 0)
        ON CONFLICT (store) DO UPDATE SET version = s.version RETURNING version INTO last_version;
      DELETE FROM $schema.state WHERE (store, key) IN (
        SELECT store, key FROM $schema.state
        WHERE store = in_store AND expires_at_ms <= $schema.now_ms() LIMIT 100);
      RETURN last_version;
    END $body$;

    CREATE FUNCTION $schema.state_version(in_store text) RETURNS bigint
      LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $body$
      UPDATE $schema.state_stores
        SET version = greatest(version + 1, floor(extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
        WHERE store = in_store RETURNING version
    $body$;

    CREATE FUNCTION $schema.state_put(in_store text, in_key text, in_value text, in_ttl_ms bigint) RETURNS bigint
      LANGUAGE sql VOLATILE SET search_path = pg_catalog AS $body$
      INSERT INTO $schema.state (store, key, value, version, expires_at_ms)
        VALUES (in_store, in_key, in_value, $schema.state_version(in_store), $schema.now_ms() + in_ttl_ms)
        ON CONFLICT (store, key) DO UPDATE
          SET value = excluded.value, version = excluded.version, expires_at_ms = excluded.expires_at_ms
        RETURNING version
    $body$;

    CREATE FUNCTION $schema.state_set(
      in_store text, in_key text, in_value text, in_ttl_ms bigint, in_if_version bigint,
      OUT outcome text, OUT version bigint
    ) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
    DECLARE found_version bigint;
    BEGIN
      PERFORM $schema.state_turn(in_store);
      SELECT e.version INTO found_version FROM $schema.state e
        WHERE e.store = in_store AND e.key = in_key
          AND (e.expires_at_ms IS NULL OR e.expires_at_ms > $schema.now_ms());
      IF in_if_version IS NOT NULL AND in_if_version <> coalesce(found_version, 0) THEN
        outcome := 'conflict'; version := coalesce(found_version, 0);
      ELSE
        outcome := 'written'; version := $schema.state_put(in_store, in_key, in_value, in_ttl_ms);
      END IF;
    END $body$;

    CREATE FUNCTION $schema.state_set_all(in_store text, in_keys text[], in_values text[]) RETURNS void
      LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
    BEGIN
      PERFORM $schema.state_turn(in_store);
      FOR at IN 1 .. cardinality(in_keys) LOOP
        PERFORM $schema.state_put(in_store, in_keys[at], in_values[at], NULL);
      END LOOP;
    END $body$;

    CREATE FUNCTION $schema.state_delete(
      in_store text, in_key text, in_if_version bigint, OUT outcome text, OUT version bigint
    ) LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $body$
    BEGIN
      PERFORM $schema.state_turn(in_store);
      SELECT e.version INTO version FROM $schema.state e
        WHERE e.store = in_store AND e.key = in_key
          AND (e.expires_at_ms IS NULL OR e.expires_at_ms > $schema.now_ms());
      IF version IS NULL THEN
        outcome := 'absent';
      ELSIF in_if_version IS NOT NULL AND in_if_version <> version THEN
        outcome := 'conflict';
      ELSE
        outcome := 'deleted';
        DELETE FROM $schema.state e WHERE e.store = in_store AND e.key = in_key;
      END IF;
    END $body$;`,
};
