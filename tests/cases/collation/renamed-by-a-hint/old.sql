CREATE COLLATION phones (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
CREATE TABLE people (id bigint PRIMARY KEY, name text COLLATE phones);
