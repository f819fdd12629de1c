CREATE TABLE p (id int PRIMARY KEY,
-- pgrehearse: renamed from st
old_st int,
st text NOT NULL DEFAULT 'x' CHECK (st = 'x'));