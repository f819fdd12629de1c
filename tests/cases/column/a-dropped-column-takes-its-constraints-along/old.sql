CREATE TABLE owners (id int PRIMARY KEY);
CREATE TABLE t (
    id int PRIMARY KEY,
    owner_id int REFERENCES owners,
    code text UNIQUE,
    low int,
    high int,
    CHECK (low < high),
    CONSTRAINT code_short CHECK (length(code) < 10)
);
COMMENT ON CONSTRAINT code_short ON t IS 'fits the label';
