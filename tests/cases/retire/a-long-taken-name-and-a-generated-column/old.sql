CREATE TABLE t (
    id int PRIMARY KEY,
    a_name_of_exactly_sixty_three_bytes_that_the_server_still_keeps text NOT NULL DEFAULT 'x',
    _deprecated_note int,
    note text,
    twice int GENERATED ALWAYS AS (id * 2) STORED,
    number bigint GENERATED ALWAYS AS IDENTITY
);
