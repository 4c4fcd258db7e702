-- The center's sets of signing and agreement keys that terminals were told of, and which of them each terminal came with last.
CREATE TABLE center_keys (
  number INTEGER NOT NULL PRIMARY KEY,
  sha256 BLOB NOT NULL,
  told_at INTEGER NOT NULL,
  told_by TEXT NOT NULL,
  ended_at INTEGER,
  ended_by TEXT,
  last_checkpoint INTEGER,
  last_generation INTEGER,
  seal BLOB,
  seal_generation INTEGER
)
;
CREATE TABLE terminal_center_keys (
  terminal TEXT NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL
)
;
-- The latest set that each host's vault has: its SHA-256, told with the sign of life.
ALTER TABLE hosts ADD COLUMN keys BLOB
