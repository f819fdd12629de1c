CREATE TYPE state AS ENUM ('open', 'closed');
CREATE TABLE a (id int PRIMARY KEY, state state);
CREATE TABLE b (
    id int PRIMARY KEY,
    -- pgrehearse: convert using (state::state) reverse (state::text)
    state state NOT NULL
);
