CREATE TABLE none_to_identity (id int PRIMARY KEY, v text);
CREATE TABLE none_to_serial (id int PRIMARY KEY, v text);
CREATE TABLE serial_to_identity (id serial PRIMARY KEY, v text);
CREATE TABLE identity_to_serial (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
CREATE TABLE serial_to_none (id serial PRIMARY KEY, v text);
