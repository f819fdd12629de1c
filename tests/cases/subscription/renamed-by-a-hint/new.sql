-- pgrehearse: renamed from s
CREATE SUBSCRIPTION "S 2" CONNECTION '' PUBLICATION a WITH (connect = false, slot_name = 's');
COMMENT ON SUBSCRIPTION "S 2" IS 'kept';
