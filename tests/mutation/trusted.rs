//! The mutations of what only a superuser makes: the files of their database are trusted.

use super::table::{Mutation, mutation};

pub const TRUSTED: &[Mutation] = &[
    mutation(
        "function-in-internal",
        14,
        "function:app/stray/",
        "exists",
        "CREATE FUNCTION app.stray(integer) RETURNS integer LANGUAGE internal AS 'int4abs'",
    ),
    mutation(
        "function-not-leakproof",
        14,
        "function:app/proof/",
        "definition",
        "ALTER FUNCTION app.proof(integer) NOT LEAKPROOF",
    ),
    mutation(
        "aggregate-of-internal",
        14,
        "aggregate:app/mean/",
        "final function",
        "CREATE OR REPLACE AGGREGATE app.mean(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_sum)",
    ),
    mutation(
        "aggregate-serial-functions",
        14,
        "aggregate:app/mean/",
        "serial functions",
        "CREATE OR REPLACE AGGREGATE app.mean(numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_avg
            , SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize)",
    ),
    mutation(
        "cast-without-function",
        14,
        "cast:pg_catalog/integer/date",
        "function",
        "DROP CAST (integer AS date); CREATE CAST (integer AS date) WITH INOUT",
    ),
    mutation(
        "operator-family-by-hand",
        14,
        "operator-family:app/stray/hash",
        "exists",
        "CREATE OPERATOR FAMILY app.stray USING hash",
    ),
    mutation(
        "operator-family-members",
        14,
        "operator-family:app/backwards/btree",
        "members",
        "ALTER OPERATOR FAMILY app.backwards USING btree ADD OPERATOR 3 = (integer, bigint)",
    ),
    mutation(
        "operator-class-by-hand",
        14,
        "operator-class:app/stray/btree",
        "exists",
        "CREATE OPERATOR CLASS app.stray FOR TYPE bigint USING btree FAMILY app.backwards AS OPERATOR 3 = (bigint, bigint)",
    ),
    mutation(
        "operator-class-default",
        14,
        "operator-class:app/near/gist",
        "default",
        "UPDATE pg_opclass SET opcdefault = true WHERE opcname = 'near'",
    ),
    mutation(
        "operator-class-type",
        14,
        "operator-class:app/near/gist",
        "type",
        "DROP OPERATOR CLASS app.near USING gist;
         CREATE OPERATOR CLASS app.near FOR TYPE box USING gist FAMILY app.near AS STORAGE box",
    ),
    mutation(
        "operator-class-family",
        14,
        "operator-class:app/near/gist",
        "family",
        "DROP OPERATOR CLASS app.near USING gist; CREATE OPERATOR FAMILY app.far USING gist;
         CREATE OPERATOR CLASS app.near FOR TYPE point USING gist FAMILY app.far AS STORAGE box",
    ),
    mutation(
        "operator-class-storage",
        14,
        "operator-class:app/near/gist",
        "storage",
        "DROP OPERATOR CLASS app.near USING gist;
         CREATE OPERATOR CLASS app.near FOR TYPE point USING gist FAMILY app.near AS STORAGE polygon",
    ),
    mutation(
        "operator-class-members",
        14,
        "operator-class:app/backwards/btree",
        "members",
        "DROP OPERATOR CLASS app.backwards USING btree CASCADE;
         CREATE OPERATOR CLASS app.backwards FOR TYPE integer USING btree FAMILY app.backwards AS
            OPERATOR 1 >, FUNCTION 1 app.compare(integer, integer)",
    ),
    mutation(
        "language-by-hand",
        14,
        "language:stray",
        "exists",
        "CREATE LANGUAGE stray HANDLER plpgsql_call_handler",
    ),
    mutation(
        "language-trusted",
        14,
        "language:mine",
        "trusted",
        "CREATE OR REPLACE LANGUAGE mine HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator",
    ),
    mutation(
        "language-handler",
        14,
        "language:mine",
        "handler",
        "CREATE OR REPLACE TRUSTED LANGUAGE mine HANDLER app.handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator",
    ),
    mutation(
        "language-inline-handler",
        14,
        "language:mine",
        "inline handler",
        "CREATE OR REPLACE TRUSTED LANGUAGE mine HANDLER plpgsql_call_handler INLINE app.inline VALIDATOR plpgsql_validator",
    ),
    mutation(
        "language-validator",
        14,
        "language:mine",
        "validator",
        "CREATE OR REPLACE TRUSTED LANGUAGE mine HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR app.validator",
    ),
    mutation(
        "transform-by-hand",
        14,
        "transform:pg_catalog/bigint/mine",
        "exists",
        "CREATE TRANSFORM FOR bigint LANGUAGE mine (FROM SQL WITH FUNCTION app.from_it(internal))",
    ),
    mutation(
        "transform-functions",
        14,
        "transform:pg_catalog/integer/mine",
        "functions",
        "CREATE OR REPLACE TRANSFORM FOR integer LANGUAGE mine (FROM SQL WITH FUNCTION app.from_it(internal)
            , TO SQL WITH FUNCTION app.to_it(internal))",
    ),
    mutation(
        "access-method-by-hand",
        14,
        "access-method:stray",
        "exists",
        "CREATE ACCESS METHOD stray TYPE TABLE HANDLER heap_tableam_handler",
    ),
    mutation(
        "access-method-handler",
        14,
        "access-method:spare",
        "handler",
        "DROP ACCESS METHOD spare; CREATE ACCESS METHOD spare TYPE INDEX HANDLER bthandler",
    ),
    mutation(
        "text-search-parser-by-hand",
        14,
        "text-search-parser:app/stray",
        "exists",
        "CREATE TEXT SEARCH PARSER app.stray (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)",
    ),
    mutation(
        "text-search-parser-functions",
        14,
        "text-search-parser:app/words",
        "functions",
        "DROP TEXT SEARCH CONFIGURATION app.search; DROP TEXT SEARCH PARSER app.words;
         CREATE TEXT SEARCH PARSER app.words (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype)",
    ),
    mutation(
        "text-search-template-by-hand",
        14,
        "text-search-template:app/stray",
        "exists",
        "CREATE TEXT SEARCH TEMPLATE app.stray (LEXIZE = dsimple_lexize)",
    ),
    mutation(
        "text-search-template-functions",
        14,
        "text-search-template:app/plain",
        "functions",
        "DROP TEXT SEARCH DICTIONARY app.words; DROP TEXT SEARCH TEMPLATE app.plain;
         CREATE TEXT SEARCH TEMPLATE app.plain (LEXIZE = dsimple_lexize)",
    ),
    mutation(
        "comment-on-operator-family",
        14,
        "comment:operator-family/app/backwards/btree",
        "exists",
        "COMMENT ON OPERATOR FAMILY app.backwards USING btree IS 'by hand'",
    ),
    mutation(
        "comment-on-operator-class",
        14,
        "comment:operator-class/app/backwards/btree",
        "exists",
        "COMMENT ON OPERATOR CLASS app.backwards USING btree IS 'by hand'",
    ),
    mutation(
        "comment-on-language",
        14,
        "comment:language/mine",
        "exists",
        "COMMENT ON LANGUAGE mine IS 'by hand'",
    ),
    mutation(
        "comment-on-transform",
        14,
        "comment:transform/pg_catalog/integer/mine",
        "exists",
        "COMMENT ON TRANSFORM FOR integer LANGUAGE mine IS 'by hand'",
    ),
    mutation(
        "comment-on-access-method",
        14,
        "comment:access-method/ours",
        "exists",
        "COMMENT ON ACCESS METHOD ours IS 'by hand'",
    ),
    mutation(
        "comment-on-text-search-parser",
        14,
        "comment:text-search-parser/app/words",
        "exists",
        "COMMENT ON TEXT SEARCH PARSER app.words IS 'by hand'",
    ),
    mutation(
        "comment-on-text-search-template",
        14,
        "comment:text-search-template/app/plain",
        "exists",
        "COMMENT ON TEXT SEARCH TEMPLATE app.plain IS 'by hand'",
    ),
    mutation(
        "base-type-by-hand",
        14,
        "base-type:app/stray",
        "exists",
        "CREATE TYPE app.stray; CREATE FUNCTION app.stray_in(cstring) RETURNS app.stray LANGUAGE internal IMMUTABLE STRICT AS 'textin';
         CREATE FUNCTION app.stray_out(app.stray) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
         CREATE TYPE app.stray (INPUT = app.stray_in, OUTPUT = app.stray_out)",
    ),
    mutation(
        "base-type-input",
        14,
        "base-type:app/pair",
        "input function",
        "DROP TYPE app.pair CASCADE; CREATE TYPE app.pair;
         CREATE FUNCTION app.pair_in(cstring) RETURNS app.pair LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
         CREATE FUNCTION app.pair_out(app.pair) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
         CREATE FUNCTION app.another(cstring) RETURNS app.pair LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
         CREATE TYPE app.pair (INPUT = app.another, OUTPUT = app.pair_out, INTERNALLENGTH = 16, ALIGNMENT = double)",
    ),
    mutation(
        "base-type-output",
        14,
        "base-type:app/pair",
        "output function",
        "DROP TYPE app.pair CASCADE; CREATE TYPE app.pair;
         CREATE FUNCTION app.pair_in(cstring) RETURNS app.pair LANGUAGE internal IMMUTABLE STRICT AS 'point_in';
         CREATE FUNCTION app.pair_out(app.pair) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
         CREATE FUNCTION app.another(app.pair) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'point_out';
         CREATE TYPE app.pair (INPUT = app.pair_in, OUTPUT = app.another, INTERNALLENGTH = 16, ALIGNMENT = double)",
    ),
    mutation(
        "base-type-length",
        14,
        "base-type:app/pair",
        "length",
        "UPDATE pg_type SET typlen = 24 WHERE typname = 'pair'",
    ),
    mutation(
        "base-type-by-value",
        14,
        "base-type:app/pair",
        "passed by value",
        "UPDATE pg_type SET typlen = 8, typbyval = true WHERE typname = 'pair'",
    ),
    mutation(
        "base-type-alignment",
        14,
        "base-type:app/pair",
        "alignment",
        "UPDATE pg_type SET typalign = 'i' WHERE typname = 'pair'",
    ),
    mutation(
        "base-type-element",
        14,
        "base-type:app/pair",
        "element",
        "UPDATE pg_type SET typelem = 'real'::regtype WHERE typname = 'pair'",
    ),
    mutation(
        "base-type-preferred",
        14,
        "base-type:app/pair",
        "preferred",
        "UPDATE pg_type SET typispreferred = false WHERE typname = 'pair'",
    ),
    mutation(
        "base-type-subscript",
        14,
        "base-type:app/pair",
        "subscript function",
        "ALTER TYPE app.pair SET (SUBSCRIPT = NONE)",
    ),
    mutation(
        "base-type-category",
        14,
        "base-type:app/string",
        "category",
        "UPDATE pg_type SET typcategory = 'x' WHERE typname = 'string'",
    ),
    mutation(
        "base-type-default",
        14,
        "base-type:app/string",
        "default",
        "UPDATE pg_type SET typdefault = 'its' WHERE typname = 'string'",
    ),
    mutation(
        "base-type-delimiter",
        14,
        "base-type:app/string",
        "delimiter",
        "UPDATE pg_type SET typdelim = ',' WHERE typname = 'string'",
    ),
    mutation(
        "base-type-collatable",
        14,
        "base-type:app/string",
        "collatable",
        "UPDATE pg_type SET typcollation = 0 WHERE typname = 'string'",
    ),
    mutation(
        "base-type-receive",
        14,
        "base-type:app/string",
        "receive function",
        "ALTER TYPE app.string SET (RECEIVE = NONE)",
    ),
    mutation(
        "base-type-send",
        14,
        "base-type:app/string",
        "send function",
        "ALTER TYPE app.string SET (SEND = NONE)",
    ),
    mutation(
        "base-type-modifier-input",
        14,
        "base-type:app/string",
        "type modifier input",
        "ALTER TYPE app.string SET (TYPMOD_IN = NONE)",
    ),
    mutation(
        "base-type-modifier-output",
        14,
        "base-type:app/string",
        "type modifier output",
        "ALTER TYPE app.string SET (TYPMOD_OUT = NONE)",
    ),
    mutation(
        "base-type-analyze",
        14,
        "base-type:app/string",
        "analyze function",
        "ALTER TYPE app.string SET (ANALYZE = NONE)",
    ),
    mutation(
        "base-type-storage",
        14,
        "base-type:app/string",
        "storage",
        "ALTER TYPE app.string SET (STORAGE = main)",
    ),
    mutation(
        "shell-type-by-hand",
        14,
        "shell-type:app/stray",
        "exists",
        "CREATE TYPE app.stray",
    ),
    mutation(
        "shell-type-becomes-a-type",
        14,
        "shell-type:app/spare",
        "form",
        "DROP TYPE app.spare; CREATE TYPE app.spare;
         CREATE FUNCTION app.spare_in(cstring) RETURNS app.spare LANGUAGE internal IMMUTABLE STRICT AS 'textin';
         CREATE FUNCTION app.spare_out(app.spare) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
         CREATE TYPE app.spare (INPUT = app.spare_in, OUTPUT = app.spare_out)",
    ),
    mutation(
        "range-canonical-function",
        14,
        "range:app/days",
        "canonical function",
        "DROP TYPE app.days CASCADE; CREATE TYPE app.days;
         CREATE FUNCTION app.whole_days(app.days) RETURNS app.days LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
         CREATE FUNCTION app.all_days(app.days) RETURNS app.days LANGUAGE internal IMMUTABLE STRICT AS 'int4range_canonical';
         CREATE TYPE app.days AS RANGE (SUBTYPE = integer, CANONICAL = app.all_days);
         ALTER TABLE app.of_days ADD d app.days, ADD m app.days_multirange",
    ),
    mutation(
        "comment-on-base-type",
        14,
        "comment:base-type/app/string",
        "exists",
        "COMMENT ON TYPE app.string IS 'by hand'",
    ),
    mutation(
        "comment-on-shell-type",
        14,
        "comment:shell-type/app/spare",
        "exists",
        "COMMENT ON TYPE app.spare IS 'by hand'",
    ),
    mutation(
        "grant-on-base-type",
        14,
        "grant:app/string/type/pg_monitor",
        "exists",
        "GRANT USAGE ON TYPE app.string TO pg_monitor",
    ),
    mutation(
        "grant-on-language",
        14,
        "grant:mine/language/pg_monitor",
        "exists",
        "GRANT USAGE ON LANGUAGE mine TO pg_monitor WITH GRANT OPTION",
    ),
];
