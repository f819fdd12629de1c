CREATE TABLE a (id int PRIMARY KEY,
  -- pgrehearse: renamed from code
  key text CONSTRAINT a_code_key UNIQUE); CREATE TABLE b (c text CONSTRAINT b_c_fkey REFERENCES a (key));
