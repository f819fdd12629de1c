CREATE TRUSTED LANGUAGE "Mi""ne" HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler;
CREATE TRUSTED LANGUAGE open HANDLER plpgsql_call_handler;
GRANT USAGE ON LANGUAGE open TO pg_monitor WITH GRANT OPTION;
CREATE LANGUAGE third HANDLER plpgsql_call_handler;
ALTER LANGUAGE "Mi""ne" OWNER TO owner_two;
ALTER LANGUAGE third OWNER TO owner_one;
