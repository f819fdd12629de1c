CREATE TYPE job_state AS ENUM ('draft', 'queued', 'failed', 'done');
CREATE TABLE jobs (id int PRIMARY KEY, state job_state NOT NULL DEFAULT 'draft');
CREATE INDEX jobs_failed ON jobs (id) WHERE state = 'failed';
