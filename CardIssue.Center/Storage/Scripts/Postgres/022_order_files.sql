CREATE TABLE order_files (
  digest BYTEA PRIMARY KEY,
  file TEXT COLLATE "C" NOT NULL,
  orders BIGINT NOT NULL,
  person TEXT COLLATE "C" NOT NULL,
  imported_at BIGINT NOT NULL
)
;
CREATE TABLE feed_state (
  one BIGINT PRIMARY KEY CHECK (one = 1),
  host TEXT COLLATE "C" NOT NULL,
  trouble TEXT COLLATE "C",
  failed_since BIGINT,
  failures BIGINT NOT NULL,
  next_try BIGINT,
  updated_at BIGINT NOT NULL
)
