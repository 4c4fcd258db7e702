-- Times are UTC milliseconds since 1970. Enums are the numbers of their C# members.
CREATE TABLE store_meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  store_id BLOB NOT NULL,
  generation INTEGER NOT NULL,
  written_at INTEGER NOT NULL,
  restored_at INTEGER
)
;
CREATE TABLE products (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  body BLOB NOT NULL,
  added_at INTEGER NOT NULL,
  PRIMARY KEY (name, version)
)
;
CREATE TABLE orders (
  order_id TEXT PRIMARY KEY,
  customer TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  product TEXT NOT NULL,
  product_version INTEGER NOT NULL,
  mode INTEGER NOT NULL,
  sealed BLOB,
  display TEXT NOT NULL,
  code_verifier BLOB,
  code_expires INTEGER NOT NULL,
  code_spent INTEGER NOT NULL DEFAULT 0,
  state INTEGER NOT NULL,
  held_state INTEGER,
  waiting_record INTEGER,
  card BLOB,
  confirmed INTEGER NOT NULL DEFAULT 0,
  in_doubt INTEGER NOT NULL DEFAULT 0,
  attempt INTEGER NOT NULL DEFAULT 1,
  furthest INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  token_hash BLOB,
  token_terminal TEXT,
  claim_session TEXT,
  claim_host TEXT,
  claim_terminal TEXT,
  claim_operator TEXT,
  lease_until INTEGER,
  void_reason TEXT,
  reissue_of TEXT UNIQUE REFERENCES orders (order_id),
  imported_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER,
  UNIQUE (customer, sequence),
  FOREIGN KEY (product, product_version) REFERENCES products (name, version)
)
;
-- A card is bound to at most one order that is not voided (state 8).
CREATE UNIQUE INDEX orders_one_card ON orders (card) WHERE card IS NOT NULL AND state <> 8
;
CREATE UNIQUE INDEX orders_token ON orders (token_hash) WHERE token_hash IS NOT NULL
;
CREATE INDEX orders_claims ON orders (claim_host) WHERE claim_host IS NOT NULL
;
CREATE TABLE order_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id TEXT NOT NULL REFERENCES orders (order_id),
  at INTEGER NOT NULL,
  fence INTEGER NOT NULL,
  change TEXT NOT NULL,
  detail TEXT NOT NULL,
  state INTEGER NOT NULL,
  confirmed INTEGER NOT NULL,
  in_doubt INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  furthest INTEGER NOT NULL
)
;
CREATE INDEX order_history_order ON order_history (order_id, id)
;
CREATE TRIGGER order_history_stays BEFORE DELETE ON order_history BEGIN SELECT RAISE(ABORT, 'history is only added to'); END
;
CREATE TRIGGER order_history_fixed BEFORE UPDATE ON order_history BEGIN SELECT RAISE(ABORT, 'history is only added to'); END
;
-- Cards that were issued, or were bound to an order that was voided: none of them is ever bound again.
CREATE TABLE issued_cards (
  card BLOB PRIMARY KEY,
  order_id TEXT NOT NULL REFERENCES orders (order_id),
  customer TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  standing INTEGER NOT NULL,
  issued_at INTEGER,
  voided_at INTEGER
)
;
CREATE TABLE card_tries (
  card BLOB PRIMARY KEY,
  tries INTEGER NOT NULL,
  last_at INTEGER NOT NULL
)
;
CREATE TABLE code_attempts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  customer TEXT NOT NULL,
  terminal TEXT NOT NULL,
  at INTEGER NOT NULL
)
;
CREATE INDEX code_attempts_customer ON code_attempts (customer, at)
;
CREATE INDEX code_attempts_terminal ON code_attempts (terminal, at)
;
CREATE TABLE feed_outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL UNIQUE,
  kind INTEGER NOT NULL,
  order_id TEXT NOT NULL REFERENCES orders (order_id),
  customer TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  card BLOB,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  told_at INTEGER
)
;
CREATE INDEX feed_outbox_untold ON feed_outbox (id) WHERE told_at IS NULL
;
CREATE INDEX feed_outbox_order ON feed_outbox (order_id)
;
CREATE TABLE terminals (
  terminal TEXT PRIMARY KEY,
  lines TEXT NOT NULL,
  networks TEXT NOT NULL,
  credential_key BLOB NOT NULL,
  agreement_key BLOB NOT NULL,
  certificate BLOB,
  key_version INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
)
;
CREATE TABLE readers (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  terminal TEXT NOT NULL REFERENCES terminals (terminal),
  kind TEXT NOT NULL,
  vendor TEXT,
  model TEXT,
  serial TEXT,
  firmware TEXT,
  ports TEXT NOT NULL,
  without_identity INTEGER NOT NULL
)
;
CREATE TABLE lines (
  line INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  listen TEXT NOT NULL
)
