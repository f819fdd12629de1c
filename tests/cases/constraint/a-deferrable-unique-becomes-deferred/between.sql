-- What the old constraint allows is allowed until contract.
UPDATE items SET pos = pos - 5 WHERE list_id = 1;
UPDATE items SET pos = pos + 5 WHERE list_id = 1;
