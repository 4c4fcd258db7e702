-- The branch that an order is to be issued at; NULL for any. What its issuer is told of it names it, too.
ALTER TABLE orders ADD COLUMN branch TEXT COLLATE "C"
;
ALTER TABLE feed_outbox ADD COLUMN branch TEXT COLLATE "C"
;
CREATE INDEX orders_branch ON orders (branch, order_id) WHERE branch IS NOT NULL
