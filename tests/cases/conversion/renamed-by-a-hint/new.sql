-- pgrehearse: renamed from latin
CREATE DEFAULT CONVERSION "To latin" FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
CREATE TABLE t (id int PRIMARY KEY);
