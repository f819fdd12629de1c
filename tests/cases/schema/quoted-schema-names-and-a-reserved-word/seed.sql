INSERT INTO "Sales & Orders"."Order" (id, "select") SELECT g, 'x' FROM generate_series(1, 8) g;
