CREATE SCHEMA ext;
CREATE EXTENSION hstore SCHEMA ext;
CREATE TABLE items (id int PRIMARY KEY, props ext.hstore);
CREATE INDEX items_props ON items USING gist (props ext.gist_hstore_ops);
