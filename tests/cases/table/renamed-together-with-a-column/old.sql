-- pgrehearse: renamed from customers
CREATE TABLE clients (
    id int CONSTRAINT clients_pkey PRIMARY KEY,
    -- pgrehearse: renamed from username
    "User Name" text
);
