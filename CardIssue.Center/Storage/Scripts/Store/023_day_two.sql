-- What lists are asked for most. An entry of the log comes behind all others in time, nearly always: its index grows at its end.
CREATE INDEX orders_state ON orders (state, order_id)
;
CREATE INDEX orders_terminal ON orders (token_terminal, order_id) WHERE token_terminal IS NOT NULL
;
CREATE INDEX issued_cards_customer ON issued_cards (customer, card)
;
CREATE INDEX log_entries_at ON log_entries (at, instance, sequence)
;
CREATE INDEX log_entries_terminal ON log_entries (terminal, at) WHERE terminal IS NOT NULL
;
-- What an order's receipt says, kept to be printed again; the other one is forgotten when its terminal begins another order.
ALTER TABLE orders ADD COLUMN kept_receipt TEXT
;
-- Where each chain begins now: its last entry that was archived. Entries up to there may be deleted, and no others.
CREATE TABLE log_anchors (
  instance TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash BLOB NOT NULL
)
;
DROP TRIGGER log_entries_stay
;
CREATE TRIGGER log_entries_stay BEFORE DELETE ON log_entries WHEN NOT EXISTS (SELECT 1 FROM log_anchors WHERE instance = OLD.instance AND sequence >= OLD.sequence) BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END
;
-- What is done with a stock of blank cards; what is used of it the registry of cards says. first_number is NULL for cards without printed numbers.
CREATE TABLE stock_moves (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  terminal TEXT NOT NULL,
  product TEXT NOT NULL,
  kind INTEGER NOT NULL,
  first_number INTEGER,
  count INTEGER NOT NULL,
  reason TEXT NOT NULL,
  person TEXT NOT NULL,
  at INTEGER NOT NULL
)
;
CREATE INDEX stock_moves_place ON stock_moves (terminal, product, id)
