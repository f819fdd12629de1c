CREATE TABLE public_notes (id int PRIMARY KEY, body text);
CREATE TABLE secrets (id int PRIMARY KEY, body text);
ALTER TABLE secrets ENABLE ROW LEVEL SECURITY;
