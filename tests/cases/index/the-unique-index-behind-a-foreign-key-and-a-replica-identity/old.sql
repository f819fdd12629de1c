CREATE TABLE p (id int PRIMARY KEY, code text NOT NULL, name text);
CREATE UNIQUE INDEX p_code ON p (code);
ALTER TABLE p REPLICA IDENTITY USING INDEX p_code;
CREATE TABLE c (id int PRIMARY KEY, code text REFERENCES p (code));
