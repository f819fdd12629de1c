INSERT INTO public_notes SELECT g, 'n' FROM generate_series(1, 9) g;
INSERT INTO secrets SELECT g, 's' FROM generate_series(1, 9) g;
