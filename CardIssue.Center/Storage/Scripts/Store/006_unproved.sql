-- Records 1 to this may be on another card of the same identity too. Of orders that are under way nothing better is known.
ALTER TABLE orders ADD COLUMN unproved INTEGER NOT NULL DEFAULT 0
;
UPDATE orders SET unproved = furthest

;
-- Cards with shared keys were known by their diversification data and their chip, ten bytes each; now by their chip alone, under its tag.
UPDATE orders SET card = CAST(X'9F7F' || substr(card, 11) AS BLOB) WHERE length(card) = 20
;
UPDATE issued_cards SET card = CAST(X'9F7F' || substr(card, 11) AS BLOB) WHERE length(card) = 20
;
UPDATE card_tries SET card = CAST(X'9F7F' || substr(card, 11) AS BLOB) WHERE length(card) = 20
