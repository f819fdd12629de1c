CREATE TABLE t (id int PRIMARY KEY);
CREATE SUBSCRIPTION stays CONNECTION 'host=nowhere.invalid password=hunter3' PUBLICATION "B b", c
    WITH (connect = false, slot_name = 'another', binary, streaming = on, synchronous_commit = local);
COMMENT ON SUBSCRIPTION stays IS 'two';
CREATE SUBSCRIPTION slotless CONNECTION '' PUBLICATION a WITH (connect = false, slot_name = 'a_slot');
