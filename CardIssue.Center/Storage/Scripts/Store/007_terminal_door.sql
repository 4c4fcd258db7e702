-- The store's generation in which a terminal was changed last: what a running host has not seen yet is above what it has. The index is for the door.
ALTER TABLE terminals ADD COLUMN revision INTEGER NOT NULL DEFAULT 0
;
CREATE INDEX terminals_certificate ON terminals (certificate)
