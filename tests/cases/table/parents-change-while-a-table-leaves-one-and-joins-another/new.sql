CREATE TABLE a (id bigint NOT NULL, note text, CONSTRAINT a_id CHECK (id > 10));
CREATE TABLE b (size bigint NOT NULL, kind text, more text DEFAULT 'm', CONSTRAINT b_size CHECK (size > 0), CONSTRAINT b_more CHECK (more <> ''));
CREATE TABLE c (size bigint NOT NULL, id int, note text, kind text, CONSTRAINT b_size CHECK (size > 0)) INHERITS (b);
CREATE TABLE d (k int);
CREATE TABLE e (l int);
CREATE TABLE f (k int, l int) INHERITS (e, d);
