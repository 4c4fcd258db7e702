-- The files whose orders were taken in, by a digest under a key of the vault, so that one that comes again is told.
CREATE TABLE order_files (
  digest BLOB PRIMARY KEY,
  file TEXT NOT NULL,
  orders INTEGER NOT NULL,
  person TEXT NOT NULL,
  imported_at INTEGER NOT NULL
)
;
-- How it stands with where the issuer is told: one row, of the host that tried last. Nothing is decided by it.
CREATE TABLE feed_state (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  host TEXT NOT NULL,
  trouble TEXT,
  failed_since INTEGER,
  failures INTEGER NOT NULL,
  next_try INTEGER,
  updated_at INTEGER NOT NULL
)
