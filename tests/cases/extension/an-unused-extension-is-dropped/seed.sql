INSERT INTO t VALUES (1, 'a=>1'), (2, NULL), (3, 'b=>2, c=>3');
