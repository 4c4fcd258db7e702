ALTER TABLE order_files ADD COLUMN taken BIGINT NOT NULL DEFAULT 0
;
ALTER TABLE order_files ADD COLUMN content BYTEA
;
UPDATE order_files SET taken = orders
