CREATE TABLE "Bücher" ("Größe" int, "id" int PRIMARY KEY, "Titel des Buches" text);
CREATE TABLE "SELECT" ("group" int PRIMARY KEY, "a""b" text, "order" text);
CREATE TABLE "日本" ("№" int PRIMARY KEY);
