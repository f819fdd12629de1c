CREATE TABLE bk (id bigint, d daterange NOT NULL, CONSTRAINT ex EXCLUDE USING gist (d WITH &&) WHERE (id > 0));
