-- How many of a file's orders are in, for one that was cut; and what its orders must be where it goes on, under a key of the vault.
ALTER TABLE order_files ADD COLUMN taken INTEGER NOT NULL DEFAULT 0
;
ALTER TABLE order_files ADD COLUMN content BLOB
;
UPDATE order_files SET taken = orders
