-- pgrehearse: renamed from phones
CREATE COLLATION "Phone book" (PROVIDER = icu, LOCALE = 'de-u-co-phonebk');
CREATE TABLE people (id bigint PRIMARY KEY, name text COLLATE "Phone book");
