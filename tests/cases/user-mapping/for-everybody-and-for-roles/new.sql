CREATE EXTENSION postgres_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'nowhere.invalid', dbname 'db');

CREATE ROLE "Some User";
CREATE ROLE other_user;
CREATE USER MAPPING FOR PUBLIC SERVER files OPTIONS ("user" 'writer', password_required 'true');
CREATE USER MAPPING FOR "Some User" SERVER files OPTIONS ("user" 'b');
CREATE USER MAPPING FOR other_user SERVER files;
