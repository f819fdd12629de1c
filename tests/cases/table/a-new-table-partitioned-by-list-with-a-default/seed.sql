INSERT INTO regions VALUES ('de'), ('fr'), ('us'), ('jp');
