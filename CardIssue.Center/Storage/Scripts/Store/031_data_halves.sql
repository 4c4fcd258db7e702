-- Where other hosts reach a host, and at which host the data half of each split line is: its results half may come in at another one.
ALTER TABLE hosts ADD COLUMN link TEXT
;
CREATE TABLE data_halves (
  terminal TEXT NOT NULL,
  line INTEGER NOT NULL,
  session TEXT NOT NULL,
  host TEXT NOT NULL,
  PRIMARY KEY (terminal, line)
)
