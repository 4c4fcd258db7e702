-- The hosts that serve from this store: each says again and again that it is there, and one of them tells the issuer's feed.
CREATE TABLE hosts (
  host TEXT NOT NULL PRIMARY KEY,
  since INTEGER NOT NULL,
  beat INTEGER NOT NULL,
  lost_at INTEGER,
  tells_feed INTEGER NOT NULL
)
