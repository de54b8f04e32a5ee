ALTER TABLE safeguards ADD COLUMN suspended_at BIGINT

ALTER TABLE safeguards ADD COLUMN suspended_because TEXT

ALTER TABLE safeguards ADD COLUMN closes_at BIGINT

ALTER TABLE safeguards ADD COLUMN closed_at BIGINT

CREATE INDEX ix_safeguards_closed_at ON safeguards (closed_at)

CREATE INDEX ix_safeguards_closes_at ON safeguards (closes_at)

CREATE FUNCTION stays_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a closed account stays closed' USING ERRCODE = 'check_violation';
END $$

CREATE FUNCTION is_not_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM safeguards s
    WHERE s.account_id = NEW.account_id AND s.closed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'a closed account stays closed' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$

CREATE TRIGGER safeguards_stay_closed_update
BEFORE UPDATE OF account_id, closed_at ON safeguards
FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION stays_closed()

CREATE TRIGGER safeguards_stay_closed_delete
BEFORE DELETE ON safeguards
FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION stays_closed()

CREATE TRIGGER authenticators_stay_closed_insert
BEFORE INSERT ON authenticators
FOR EACH ROW EXECUTE FUNCTION is_not_closed()

CREATE TRIGGER passwords_stay_closed_insert
BEFORE INSERT ON passwords
FOR EACH ROW EXECUTE FUNCTION is_not_closed()

CREATE TRIGGER sessions_stay_closed_insert
BEFORE INSERT ON sessions
FOR EACH ROW EXECUTE FUNCTION is_not_closed()
