CREATE TABLE t (id int PRIMARY KEY, a text CONSTRAINT a_must NOT NULL, b text CONSTRAINT b_has_to NOT NULL, c text CONSTRAINT c_must NOT NULL, d text NOT NULL);
COMMENT ON CONSTRAINT a_must ON t IS 'since the import';
