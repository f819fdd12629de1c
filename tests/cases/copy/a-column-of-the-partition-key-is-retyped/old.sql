CREATE TABLE logs (
    id int,
    at int,
    message text,
    PRIMARY KEY (id, at)
) PARTITION BY RANGE (at);
CREATE TABLE logs_low PARTITION OF logs FOR VALUES FROM (0) TO (100);
CREATE TABLE logs_high PARTITION OF logs FOR VALUES FROM (100) TO (200);
