CREATE TABLE t (v text);
CREATE TABLE "Odd Table" (v text PRIMARY KEY);
