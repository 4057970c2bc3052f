-- What the programs that share this database know of each other.

-- A number belongs to a data directory: ids that are made there carry it, also while the database is
-- away. identity: a random name of the directory; run: of the process that had it last. seen_at: when the
-- node said last that it lives; waiting: requests that it has accepted and not decided yet.
CREATE TABLE nodes (
    number INTEGER PRIMARY KEY,
    identity TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    waiting INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Tries to log in of the last minute. who: SHA-256 of an address, or of an address and a login.
CREATE TABLE login_tries (
    who BLOB PRIMARY KEY,
    began_at INTEGER NOT NULL,
    tries INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX login_tries_began ON login_tries (began_at);
