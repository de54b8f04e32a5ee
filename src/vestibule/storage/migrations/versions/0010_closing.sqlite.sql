ALTER TABLE safeguards ADD COLUMN suspended_at BIGINT

ALTER TABLE safeguards ADD COLUMN suspended_because TEXT

ALTER TABLE safeguards ADD COLUMN closes_at BIGINT

ALTER TABLE safeguards ADD COLUMN closed_at BIGINT

CREATE INDEX ix_safeguards_closed_at ON safeguards (closed_at)

CREATE INDEX ix_safeguards_closes_at ON safeguards (closes_at)

CREATE TRIGGER safeguards_stay_closed_update
BEFORE UPDATE OF account_id, closed_at ON safeguards
WHEN OLD.closed_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a closed account stays closed');
END

CREATE TRIGGER safeguards_stay_closed_delete
BEFORE DELETE ON safeguards
WHEN OLD.closed_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a closed account stays closed');
END

CREATE TRIGGER authenticators_stay_closed_insert
BEFORE INSERT ON authenticators
WHEN EXISTS (SELECT 1 FROM safeguards s
    WHERE s.account_id = NEW.account_id AND s.closed_at IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'a closed account stays closed');
END

CREATE TRIGGER passwords_stay_closed_insert
BEFORE INSERT ON passwords
WHEN EXISTS (SELECT 1 FROM safeguards s
    WHERE s.account_id = NEW.account_id AND s.closed_at IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'a closed account stays closed');
END

CREATE TRIGGER sessions_stay_closed_insert
BEFORE INSERT ON sessions
WHEN EXISTS (SELECT 1 FROM safeguards s
    WHERE s.account_id = NEW.account_id AND s.closed_at IS NOT NULL)
BEGIN
    SELECT RAISE(ABORT, 'a closed account stays closed');
END
