-- Application programs, kept once by the SHA-256 of their CAP files (sha256, 32 bytes), which is what products name. What is read of a file stands beside it,
-- so that a list needs no bodies.
CREATE TABLE programs (
  sha256 BLOB PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  package BLOB NOT NULL,
  version TEXT NOT NULL,
  length INTEGER NOT NULL,
  body BLOB NOT NULL,
  added_at INTEGER NOT NULL,
  added_by TEXT NOT NULL
)
