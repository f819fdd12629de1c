CREATE TYPE app_span AS RANGE (SUBTYPE = integer, MULTIRANGE_TYPE_NAME = app_spans);
CREATE TYPE prices AS RANGE (SUBTYPE = bigint);
CREATE TABLE t (id int PRIMARY KEY, a app_span, p prices);
