-- What terminals remember of the center, and what was found by it: that the store was put back to an older copy of itself.
CREATE TABLE witness_notes (
  terminal TEXT PRIMARY KEY,
  note BLOB NOT NULL,
  generation INTEGER NOT NULL,
  shown_at INTEGER NOT NULL
)
;
CREATE TABLE put_backs (
  number INTEGER PRIMARY KEY,
  found_at INTEGER NOT NULL,
  found_by TEXT NOT NULL,
  store_id BLOB NOT NULL,
  told_generation INTEGER NOT NULL,
  known_generation INTEGER NOT NULL,
  known_until INTEGER NOT NULL,
  raised_to INTEGER NOT NULL,
  orders INTEGER NOT NULL,
  settled_at INTEGER,
  settled_by TEXT
)
;
-- The put-back that an order was quarantined for; NULL for none, and for a quarantine that an operator ordered.
ALTER TABLE orders ADD COLUMN put_back INTEGER REFERENCES put_backs (number)
