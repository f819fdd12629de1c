-- pgrehearse: renamed from clients
CREATE TABLE customers (
    id int CONSTRAINT clients_pkey PRIMARY KEY,
    -- pgrehearse: renamed from "User Name"
    username text
);
