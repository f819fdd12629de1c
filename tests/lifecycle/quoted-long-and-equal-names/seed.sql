INSERT INTO "One"."The ""Table"", sixty-three bytes long as the server lets it be xx" SELECT g, g FROM generate_series(1, 500) g;
INSERT INTO two."The ""Table"", sixty-three bytes long as the server lets it be xx" SELECT g, g FROM generate_series(1, 500) g;
