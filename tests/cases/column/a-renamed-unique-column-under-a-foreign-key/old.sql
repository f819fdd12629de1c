CREATE TABLE a (id int PRIMARY KEY,
  -- pgrehearse: renamed from key
  code text UNIQUE); CREATE TABLE b (c text REFERENCES a (code));
