-- Issuers, with the key sets that are theirs; whose an order, an event and a person's account are: NULL for the center's own. Customers are counted for each.
CREATE TABLE issuers (
  issuer TEXT COLLATE "C" PRIMARY KEY,
  key_sets TEXT COLLATE "C" NOT NULL,
  added_at BIGINT NOT NULL,
  seal BYTEA,
  seal_generation BIGINT
)
;
ALTER TABLE people ADD COLUMN issuer TEXT COLLATE "C"
;
ALTER TABLE orders ADD COLUMN issuer TEXT COLLATE "C"
;
ALTER TABLE feed_outbox ADD COLUMN issuer TEXT COLLATE "C"
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
  issuer TEXT COLLATE "C" PRIMARY KEY,
  host TEXT COLLATE "C" NOT NULL,
  trouble TEXT COLLATE "C",
  failed_since BIGINT,
  failures BIGINT NOT NULL,
  next_try BIGINT,
  updated_at BIGINT NOT NULL
)
;
-- The branch that a terminal is of; NULL for none.
ALTER TABLE terminals ADD COLUMN branch TEXT COLLATE "C"
