-- Which of the center's certificates each terminal keeps, as it said when it came in; and which one is in force.
CREATE TABLE kept_certificates (
  terminal TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  number BIGINT NOT NULL,
  at BIGINT NOT NULL
)
;
ALTER TABLE store_meta ADD COLUMN certificate BIGINT NOT NULL DEFAULT 0
