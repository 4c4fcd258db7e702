-- What an order's receipt says, kept for the terminal that wrote its card, in case it lost the line before it heard.
ALTER TABLE orders ADD COLUMN receipt TEXT
;
CREATE INDEX orders_receipt ON orders (token_terminal) WHERE receipt IS NOT NULL
