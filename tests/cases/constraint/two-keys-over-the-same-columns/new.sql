CREATE TABLE c (code text PRIMARY KEY, v integer);
ALTER TABLE c ADD CONSTRAINT c_code_key UNIQUE (code), ADD CONSTRAINT c_code_too UNIQUE (code);
CREATE TABLE d (code text NOT NULL REFERENCES c);
CREATE TABLE e (a integer, b integer);
ALTER TABLE e ADD CONSTRAINT e_pkey PRIMARY KEY (a, b), ADD CONSTRAINT e_key UNIQUE (a, b), ADD CONSTRAINT e_other UNIQUE (b, a);
