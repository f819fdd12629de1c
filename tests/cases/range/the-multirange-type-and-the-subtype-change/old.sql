CREATE TYPE app_span AS RANGE (SUBTYPE = integer);
CREATE TYPE prices AS RANGE (SUBTYPE = numeric, SUBTYPE_OPCLASS = numeric_ops);
CREATE TABLE t (id int PRIMARY KEY, a app_span, p prices);
