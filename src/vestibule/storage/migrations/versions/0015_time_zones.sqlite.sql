ALTER TABLE accounts ADD COLUMN time_zone TEXT

ALTER TABLE accounts ADD COLUMN time_zone_chosen_at BIGINT
