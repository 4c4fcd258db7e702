-- Records 1 to this may be on another card of the same identity too. Of orders that are under way nothing better is known.
ALTER TABLE orders ADD COLUMN unproved INTEGER NOT NULL DEFAULT 0
;
UPDATE orders SET unproved = furthest
