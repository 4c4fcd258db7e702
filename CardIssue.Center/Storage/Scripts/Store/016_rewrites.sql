-- Rewrites of issued cards are orders, too: of a card that another order has, with the sequence number that the card has. So the table is made anew, for only issues have a
-- card and a sequence number for themselves. The rows that refer to it find theirs again at the end of the transaction.
PRAGMA defer_foreign_keys = ON
;
CREATE INDEX issued_cards_order ON issued_cards (order_id)
;
CREATE TABLE orders_before AS SELECT * FROM orders
;
DROP TABLE orders
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
  unproved INTEGER NOT NULL DEFAULT 0,
  fence INTEGER NOT NULL DEFAULT 0,
  token_hash BLOB,
  token_terminal TEXT,
  token_operator TEXT,
  claim_session TEXT,
  claim_host TEXT,
  claim_terminal TEXT,
  claim_operator TEXT,
  lease_until INTEGER,
  void_reason TEXT,
  reissue_of TEXT UNIQUE REFERENCES orders (order_id),
  put_back INTEGER REFERENCES put_backs (number),
  account_digest BLOB,
  imported_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ended_at INTEGER,
  seal BLOB,
  seal_generation INTEGER,
  rewrite TEXT,
  rewrite_number INTEGER,
  FOREIGN KEY (product, product_version) REFERENCES products (name, version)
)
;
INSERT INTO orders (order_id, customer, sequence, product, product_version, mode, sealed, display, code_verifier, code_expires, code_spent, state, held_state, waiting_record,
  card, confirmed, in_doubt, attempt, furthest, unproved, fence, token_hash, token_terminal, token_operator, claim_session, claim_host, claim_terminal, claim_operator, lease_until,
  void_reason, reissue_of, put_back, account_digest, imported_at, updated_at, ended_at, seal, seal_generation)
SELECT order_id, customer, sequence, product, product_version, mode, sealed, display, code_verifier, code_expires, code_spent, state, held_state, waiting_record,
  card, confirmed, in_doubt, attempt, furthest, unproved, fence, token_hash, token_terminal, token_operator, claim_session, claim_host, claim_terminal, claim_operator, lease_until,
  void_reason, reissue_of, put_back, account_digest, imported_at, updated_at, ended_at, seal, seal_generation FROM orders_before
;
DROP TABLE orders_before
;
CREATE UNIQUE INDEX orders_sequence ON orders (customer, sequence) WHERE rewrite IS NULL
;
CREATE INDEX orders_customer ON orders (customer)
;
-- A card is bound to at most one order that is not voided (state 8), its rewrites aside.
CREATE UNIQUE INDEX orders_one_card ON orders (card) WHERE card IS NOT NULL AND state <> 8 AND rewrite IS NULL
;
CREATE UNIQUE INDEX orders_rewrites ON orders (card, rewrite_number) WHERE rewrite IS NOT NULL
;
CREATE UNIQUE INDEX orders_token ON orders (token_hash) WHERE token_hash IS NOT NULL
;
CREATE INDEX orders_claims ON orders (claim_host) WHERE claim_host IS NOT NULL
;
CREATE INDEX orders_account ON orders (account_digest) WHERE account_digest IS NOT NULL
