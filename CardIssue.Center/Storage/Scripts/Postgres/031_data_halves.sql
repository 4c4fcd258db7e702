-- Where other hosts reach a host, and at which host the data half of each split line is: its results half may come in at another one.
ALTER TABLE hosts ADD COLUMN link TEXT COLLATE "C"
;
CREATE TABLE data_halves (
  terminal TEXT COLLATE "C" NOT NULL,
  line BIGINT NOT NULL,
  session TEXT COLLATE "C" NOT NULL,
  host TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (terminal, line)
)
