-- Whether a restore is not settled yet: until it is, what is imported may have been imported and issued in what was lost.
ALTER TABLE store_meta ADD COLUMN unsettled INTEGER NOT NULL DEFAULT 0
;
-- Orders that a later log names and the restored store does not have: imported again, they are quarantined until that log says where they stand.
CREATE TABLE absent_orders (
  order_id TEXT PRIMARY KEY,
  state INTEGER NOT NULL,
  card BLOB
)
;
CREATE INDEX absent_orders_card ON absent_orders (card) WHERE card IS NOT NULL
