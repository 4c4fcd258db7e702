-- Issuers, with the key sets that are theirs; whose an order, an event and a person's account are: NULL for the center's own. Customers are counted for each.
CREATE TABLE issuers (
  issuer TEXT PRIMARY KEY,
  key_sets TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  seal BLOB,
  seal_generation INTEGER
)
;
ALTER TABLE people ADD COLUMN issuer TEXT
;
ALTER TABLE orders ADD COLUMN issuer TEXT
;
ALTER TABLE feed_outbox ADD COLUMN issuer TEXT
;
CREATE INDEX orders_issuer ON orders (issuer, order_id) WHERE issuer IS NOT NULL
;
DROP INDEX orders_sequence
;
CREATE UNIQUE INDEX orders_sequence ON orders (customer, coalesce(issuer, ''), sequence) WHERE rewrite IS NULL
;
DROP INDEX feed_outbox_untold
;
CREATE INDEX feed_outbox_untold ON feed_outbox (coalesce(issuer, ''), id) WHERE told_at IS NULL
;
-- How it stands with where each issuer is told; issuer is '' for the center's own. Nothing is decided by it.
DROP TABLE feed_state
;
CREATE TABLE feed_state (
  issuer TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  trouble TEXT,
  failed_since INTEGER,
  failures INTEGER NOT NULL,
  next_try INTEGER,
  updated_at INTEGER NOT NULL
)
;
-- The branch that a terminal is of; NULL for none.
ALTER TABLE terminals ADD COLUMN branch TEXT
