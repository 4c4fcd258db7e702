-- The public key that a reader carries, an uncompressed P-256 point; and the readers that terminals ask for (state 1 waits, 2 declined).
ALTER TABLE readers ADD COLUMN key BLOB
;
CREATE TABLE reader_requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  terminal TEXT NOT NULL REFERENCES terminals (terminal),
  state INTEGER NOT NULL,
  kind TEXT NOT NULL,
  vendor TEXT,
  model TEXT,
  serial TEXT,
  firmware TEXT,
  port TEXT,
  key BLOB,
  asked_at INTEGER NOT NULL,
  note TEXT NOT NULL
)
;
CREATE INDEX reader_requests_terminal ON reader_requests (terminal, id)
