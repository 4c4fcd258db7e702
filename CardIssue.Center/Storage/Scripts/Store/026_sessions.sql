-- The sessions of terminals that are let in, as the hosts that have them tell: a host's are gone with it.
CREATE TABLE sessions (
  session TEXT NOT NULL PRIMARY KEY,
  host TEXT NOT NULL,
  terminal TEXT NOT NULL,
  line INTEGER NOT NULL,
  address TEXT,
  since INTEGER NOT NULL,
  phase TEXT NOT NULL,
  order_id TEXT
)
