CREATE TABLE bk (id int, d daterange, CONSTRAINT ex EXCLUDE USING gist (d WITH &&) WHERE (id > 0));
