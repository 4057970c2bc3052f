-- What the programs that share this database know of each other.

-- A number belongs to a data directory: ids that are made there carry it, also while the database is
-- away. identity: a random name of the directory; run: of the process that had it last. seen_at: when the
-- node said last that it lives; waiting: requests that it has accepted and not decided yet.
CREATE TABLE nodes (
    number BIGINT PRIMARY KEY,
    identity TEXT COLLATE "C" NOT NULL UNIQUE,
    run TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    seen_at BIGINT NOT NULL,
    waiting BIGINT NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- Tries to log in of the last minute. who: SHA-256 of an address, or of an address and a login.
CREATE TABLE login_tries (
    who BYTEA PRIMARY KEY,
    began_at BIGINT NOT NULL,
    tries BIGINT NOT NULL
);
CREATE INDEX login_tries_began ON login_tries (began_at);
