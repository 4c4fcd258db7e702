-- The center's sets of signing and agreement keys that terminals were told of, and which of them each terminal came with last.
CREATE TABLE center_keys (
  number BIGINT NOT NULL PRIMARY KEY,
  sha256 BYTEA NOT NULL,
  told_at BIGINT NOT NULL,
  told_by TEXT COLLATE "C" NOT NULL,
  ended_at BIGINT,
  ended_by TEXT COLLATE "C",
  last_checkpoint BIGINT,
  last_generation BIGINT,
  seal BYTEA,
  seal_generation BIGINT
)
;
CREATE TABLE terminal_center_keys (
  terminal TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL
)
;
-- The latest set that each host's vault has: its SHA-256, told with the sign of life.
ALTER TABLE hosts ADD COLUMN keys BYTEA
