ALTER TABLE outbox ADD COLUMN early_provider TEXT

ALTER TABLE outbox ADD COLUMN early_reason TEXT

ALTER TABLE outbox ADD COLUMN early_reference TEXT
