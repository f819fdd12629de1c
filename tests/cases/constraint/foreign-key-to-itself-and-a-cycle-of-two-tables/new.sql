CREATE TABLE nodes (id int PRIMARY KEY, parent_id int REFERENCES nodes, team_id int);
CREATE TABLE teams (id int PRIMARY KEY, root_id int NOT NULL REFERENCES nodes);
ALTER TABLE nodes ADD CONSTRAINT nodes_team FOREIGN KEY (team_id) REFERENCES teams;
