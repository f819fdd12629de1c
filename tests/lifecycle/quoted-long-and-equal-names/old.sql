CREATE SCHEMA "One";
CREATE SCHEMA two;
CREATE TABLE "One"."The ""Table"", sixty-three bytes long as the server lets it be xx" (
    n bigint PRIMARY KEY,
    "The ""Column"", sixty-three bytes long as the server lets it yyyy" int NOT NULL DEFAULT 4 CHECK ("The ""Column"", sixty-three bytes long as the server lets it yyyy" > 0),
    "Note" text
);
CREATE INDEX "The index, sixty-three bytes long as the server lets it be zzzz" ON "One"."The ""Table"", sixty-three bytes long as the server lets it be xx" ("The ""Column"", sixty-three bytes long as the server lets it yyyy");
CREATE TABLE two."The ""Table"", sixty-three bytes long as the server lets it be xx" (
    n bigint PRIMARY KEY,
    "The ""Column"", sixty-three bytes long as the server lets it yyyy" int NOT NULL DEFAULT 4 CHECK ("The ""Column"", sixty-three bytes long as the server lets it yyyy" > 0),
    "Note" text
);
CREATE INDEX "The index, sixty-three bytes long as the server lets it be zzzz" ON two."The ""Table"", sixty-three bytes long as the server lets it be xx" ("The ""Column"", sixty-three bytes long as the server lets it yyyy");
