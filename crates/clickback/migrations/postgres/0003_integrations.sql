-- Links belong to the buyer who made them; empty is the team's. The index of an integration's requests
-- carries verdict, flags and test mark, so that its health is counted without reading a request.

ALTER TABLE registration_links ADD COLUMN owner_id BIGINT;

DROP INDEX inbox_integration;
CREATE INDEX inbox_integration ON inbox (integration_id, id, verdict, flags, test);
