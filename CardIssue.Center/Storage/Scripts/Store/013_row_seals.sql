-- Rows that something is decided by stand under a key of the vault: seal is their HMAC, seal_generation the commit that wrote them. What all of them come to, table
-- by table, is sealed with each commit (row_sums). Both are NULL in a store of before, until its rows are taken over, once.
ALTER TABLE store_meta ADD COLUMN row_sums BLOB
;
ALTER TABLE orders ADD COLUMN seal BLOB
;
ALTER TABLE orders ADD COLUMN seal_generation INTEGER
;
ALTER TABLE issued_cards ADD COLUMN seal BLOB
;
ALTER TABLE issued_cards ADD COLUMN seal_generation INTEGER
;
ALTER TABLE feed_outbox ADD COLUMN seal BLOB
;
ALTER TABLE feed_outbox ADD COLUMN seal_generation INTEGER
;
ALTER TABLE terminals ADD COLUMN seal BLOB
;
ALTER TABLE terminals ADD COLUMN seal_generation INTEGER
;
ALTER TABLE readers ADD COLUMN seal BLOB
;
ALTER TABLE readers ADD COLUMN seal_generation INTEGER
;
ALTER TABLE lines ADD COLUMN seal BLOB
;
ALTER TABLE lines ADD COLUMN seal_generation INTEGER
;
ALTER TABLE people ADD COLUMN seal BLOB
;
ALTER TABLE people ADD COLUMN seal_generation INTEGER
;
ALTER TABLE approvals ADD COLUMN seal BLOB
;
ALTER TABLE approvals ADD COLUMN seal_generation INTEGER
;
ALTER TABLE put_backs ADD COLUMN seal BLOB
;
ALTER TABLE put_backs ADD COLUMN seal_generation INTEGER
;
ALTER TABLE absent_orders ADD COLUMN seal BLOB
;
ALTER TABLE absent_orders ADD COLUMN seal_generation INTEGER
