-- What lists look for among many: requests with one flag, and unmatched ones of a clickid. Accepted
-- requests without flags pay for neither.

CREATE INDEX inbox_flags ON inbox (integration_id, flags, id) WHERE flags <> 0;
CREATE INDEX inbox_unmatched ON inbox (clickid, id) WHERE verdict = 4;
