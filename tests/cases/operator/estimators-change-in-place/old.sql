CREATE TYPE money_of AS (amount integer, currency text);
CREATE FUNCTION same(a money_of, b money_of) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT a.amount = b.amount AND a.currency = b.currency';
CREATE FUNCTION differ(a money_of, b money_of) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT NOT (a.amount = b.amount AND a.currency = b.currency)';
CREATE FUNCTION less(a money_of) RETURNS money_of LANGUAGE sql IMMUTABLE AS 'SELECT (-a.amount, a.currency)::money_of';
CREATE FUNCTION times(a money_of, b integer) RETURNS money_of LANGUAGE sql IMMUTABLE AS 'SELECT (a.amount * b, a.currency)::money_of';
CREATE FUNCTION times(a integer, b money_of) RETURNS money_of LANGUAGE sql IMMUTABLE AS 'SELECT (a * b.amount, b.currency)::money_of';
CREATE TABLE prices (id bigint PRIMARY KEY, price money_of);
CREATE OPERATOR ==== (FUNCTION = same, LEFTARG = money_of, RIGHTARG = money_of, COMMUTATOR = ====, RESTRICT = eqsel);
CREATE VIEW twins AS SELECT a.id FROM prices a JOIN prices b ON a.price ==== b.price;
