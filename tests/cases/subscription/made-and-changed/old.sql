CREATE TABLE t (id int PRIMARY KEY);
CREATE SUBSCRIPTION stays CONNECTION 'host=nowhere.invalid password=hunter2' PUBLICATION a, "B b" WITH (connect = false);
COMMENT ON SUBSCRIPTION stays IS 'one';
CREATE SUBSCRIPTION slotless CONNECTION '' PUBLICATION a WITH (connect = false, slot_name = NONE);
