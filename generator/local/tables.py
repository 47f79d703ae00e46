"""The tables of the local AWS itself: credentials, idempotency tokens, what is being worked on, moto's journal and object bodies."""

TABLES = """
CREATE TABLE IF NOT EXISTS credential (
    access_key TEXT PRIMARY KEY, account TEXT NOT NULL, arn TEXT NOT NULL, user_id TEXT NOT NULL,
    role_arn TEXT NOT NULL, expires REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS session (
    access_key TEXT PRIMARY KEY, policies_json TEXT NOT NULL, tags_json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS token (
    service TEXT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, operation TEXT NOT NULL,
    token TEXT NOT NULL, request TEXT NOT NULL, response TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (service, account, region, operation, token)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS connection (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS running (subject TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS generation (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL,
    method TEXT NOT NULL, url TEXT NOT NULL, headers TEXT NOT NULL, body BLOB, blob TEXT,
    seed INTEGER NOT NULL, time REAL NOT NULL);
CREATE TABLE IF NOT EXISTS snapshot (
    id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS blob (digest TEXT PRIMARY KEY, content BLOB NOT NULL)
"""
