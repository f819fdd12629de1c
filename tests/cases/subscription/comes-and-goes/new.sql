CREATE SUBSCRIPTION stays CONNECTION '' PUBLICATION a WITH (connect = false);
CREATE SUBSCRIPTION "New ""one""/ä" CONNECTION '' PUBLICATION a, "B b" WITH (connect = false, slot_name = 'a_slot');
COMMENT ON SUBSCRIPTION "New ""one""/ä" IS 'new';
CREATE SUBSCRIPTION slotless CONNECTION '' PUBLICATION a WITH (connect = false, slot_name = NONE);
