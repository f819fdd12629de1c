CREATE TABLE t (
    id int PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    day date NOT NULL DEFAULT CURRENT_DATE,
    who text DEFAULT CURRENT_USER
);
