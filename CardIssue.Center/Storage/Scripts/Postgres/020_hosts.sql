-- The hosts that serve from this store: each says again and again that it is there, and one of them tells the issuer's feed.
CREATE TABLE hosts (
  host TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  since BIGINT NOT NULL,
  beat BIGINT NOT NULL,
  lost_at BIGINT,
  tells_feed BIGINT NOT NULL
)
