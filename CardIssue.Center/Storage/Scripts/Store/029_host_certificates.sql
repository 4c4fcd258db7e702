-- The latest of the center's certificates that each host's vault has: its SHA-256, told with the sign of life.
ALTER TABLE hosts ADD COLUMN certificate BLOB
