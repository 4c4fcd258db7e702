-- The log, in the store's database: what it says of a change is in the commit of the change. mac is empty in entries that were taken over.
CREATE TABLE log_entries (
  instance TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  at INTEGER NOT NULL,
  session TEXT NOT NULL,
  terminal TEXT,
  line INTEGER,
  order_id TEXT,
  direction INTEGER NOT NULL,
  step INTEGER NOT NULL,
  kind TEXT NOT NULL,
  detail TEXT NOT NULL,
  digest BLOB NOT NULL,
  hash BLOB NOT NULL,
  mac BLOB NOT NULL,
  PRIMARY KEY (instance, sequence)
)
;
CREATE INDEX log_entries_order ON log_entries (order_id, at) WHERE order_id IS NOT NULL
;
CREATE TRIGGER log_entries_stay BEFORE DELETE ON log_entries BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END
;
CREATE TRIGGER log_entries_fixed BEFORE UPDATE ON log_entries BEGIN SELECT RAISE(ABORT, 'the log is only added to'); END
;
-- The end of each host's chain, as its latest commit sealed it.
CREATE TABLE log_heads (
  instance TEXT PRIMARY KEY,
  sequence INTEGER NOT NULL,
  hash BLOB NOT NULL,
  generation INTEGER NOT NULL,
  mac BLOB NOT NULL
)
;
CREATE TABLE log_checkpoints (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  heads TEXT NOT NULL,
  signature BLOB NOT NULL
)
