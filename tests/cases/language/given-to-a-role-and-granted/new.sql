CREATE TRUSTED LANGUAGE "Mi""ne" HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler;
CREATE TRUSTED LANGUAGE open HANDLER plpgsql_call_handler;
CREATE TRUSTED LANGUAGE comes HANDLER plpgsql_call_handler;
REVOKE ALL ON LANGUAGE "Mi""ne" FROM PUBLIC;
GRANT USAGE ON LANGUAGE "Mi""ne" TO pg_monitor;
GRANT USAGE ON LANGUAGE open TO pg_monitor;
ALTER LANGUAGE "Mi""ne" OWNER TO owner_one;
ALTER LANGUAGE comes OWNER TO owner_two;
