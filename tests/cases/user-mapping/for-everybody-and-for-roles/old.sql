CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');

CREATE ROLE "Some User";
CREATE USER MAPPING FOR PUBLIC SERVER files OPTIONS ("user" 'reader', gone 'x');
CREATE USER MAPPING FOR "Some User" SERVER files OPTIONS ("user" 'a');
