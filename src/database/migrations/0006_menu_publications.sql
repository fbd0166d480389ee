-- Which menus are in force and since when: of a market, the newest row for the build that reads it. What was published stays on record.
CREATE TABLE menu_publication (
  id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  market       text        NOT NULL,
  -- A hash of the engine and of everything that actions and messages declare: a gateway of another build cannot run the program.
  build        text        NOT NULL,
  hash         text        NOT NULL REFERENCES menu_program,
  published_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  published_by text        NOT NULL,
  -- How many files and screens, which languages.
  source       jsonb       NOT NULL
);
CREATE INDEX menu_publication_newest ON menu_publication (market, build, id DESC);

GRANT SELECT, INSERT ON menu_publication TO :"application";
