-- The sessions of terminals that are let in, as the hosts that have them tell: a host's are gone with it.
CREATE TABLE sessions (
  session TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  host TEXT COLLATE "C" NOT NULL,
  terminal TEXT COLLATE "C" NOT NULL,
  line BIGINT NOT NULL,
  address TEXT COLLATE "C",
  since BIGINT NOT NULL,
  phase TEXT COLLATE "C" NOT NULL,
  order_id TEXT COLLATE "C"
)
