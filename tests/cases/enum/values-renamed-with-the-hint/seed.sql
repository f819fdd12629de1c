INSERT INTO t SELECT g, enum_first(null::mood), array[enum_last(null::mood)] FROM generate_series(1, 20) g;
