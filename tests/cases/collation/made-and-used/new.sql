CREATE COLLATION "Phone book" (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
CREATE COLLATION any_case (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE COLLATION two_parts (PROVIDER = libc, LC_COLLATE = 'C', LC_CTYPE = 'POSIX');
COMMENT ON COLLATION any_case IS 'a = A';
CREATE DOMAIN label AS text COLLATE any_case;
CREATE TABLE people (id bigint PRIMARY KEY, name text, sorted text COLLATE "Phone book", label label, plain text COLLATE two_parts);
CREATE UNIQUE INDEX people_sorted ON people (sorted);
CREATE INDEX people_name ON people (name COLLATE "Phone book");
