INSERT INTO people SELECT g, g % 90, 'm' || g FROM generate_series(1, 1500) g;
DO $$ BEGIN CREATE ROLE clerk; CREATE ROLE auditor; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT SELECT (n, age, mail), UPDATE (age, mail) ON people TO clerk;
GRANT SELECT (age) ON people TO auditor WITH GRANT OPTION;
