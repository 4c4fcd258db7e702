-- Orders that a later log names with a card or an end, and that the restored store does not have: imported again, they are quarantined until
-- that log says where they stand, and their cards are nobody else's.
CREATE TABLE absent_orders (
  order_id TEXT PRIMARY KEY,
  state INTEGER NOT NULL,
  card BLOB
)
;
CREATE INDEX absent_orders_card ON absent_orders (card) WHERE card IS NOT NULL
