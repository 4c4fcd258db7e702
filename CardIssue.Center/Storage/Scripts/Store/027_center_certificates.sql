-- Which of the center's certificates each terminal keeps, as it said when it came in; and which one is in force.
CREATE TABLE kept_certificates (
  terminal TEXT NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL,
  at INTEGER NOT NULL
)
;
ALTER TABLE store_meta ADD COLUMN certificate INTEGER NOT NULL DEFAULT 0
