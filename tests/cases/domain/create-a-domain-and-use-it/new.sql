CREATE DOMAIN phone AS varchar(20) CHECK (VALUE ~ '^[0-9 +()/-]+$');
COMMENT ON DOMAIN phone IS 'Digits and what people write between them';
CREATE TABLE contacts (id int PRIMARY KEY, phone phone, mobile phone);
