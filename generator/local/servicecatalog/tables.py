"""Service Catalog's tables. Times are seconds since 1970; JSON columns end in `_json`."""

TABLES = """
CREATE TABLE IF NOT EXISTS sc_portfolio (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    name TEXT NOT NULL, description TEXT, provider TEXT NOT NULL, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sc_portfolio_owner ON sc_portfolio (account, region);
CREATE TABLE IF NOT EXISTS sc_product (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, view_id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, owner TEXT NOT NULL, description TEXT,
    distributor TEXT, support_description TEXT, support_email TEXT, support_url TEXT, type TEXT NOT NULL,
    source_json TEXT, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sc_product_owner ON sc_product (account, region);
CREATE TABLE IF NOT EXISTS sc_artifact (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, product TEXT NOT NULL
    REFERENCES sc_product (id) ON DELETE CASCADE, name TEXT, description TEXT, type TEXT NOT NULL,
    active INTEGER NOT NULL DEFAULT 1, guidance TEXT NOT NULL DEFAULT 'DEFAULT', status TEXT NOT NULL,
    info_json TEXT NOT NULL, parameters_json TEXT NOT NULL, outputs_json TEXT NOT NULL, template_key TEXT,
    source_url TEXT, created REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sc_artifact_product ON sc_artifact (product);
CREATE TABLE IF NOT EXISTS sc_association (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, portfolio TEXT NOT NULL REFERENCES sc_portfolio (id),
    product TEXT NOT NULL REFERENCES sc_product (id), source TEXT, created REAL NOT NULL,
    UNIQUE (portfolio, product));
CREATE INDEX IF NOT EXISTS sc_association_product ON sc_association (product);
CREATE TABLE IF NOT EXISTS sc_principal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, portfolio TEXT NOT NULL REFERENCES sc_portfolio (id),
    account TEXT NOT NULL, arn TEXT NOT NULL, type TEXT NOT NULL, UNIQUE (portfolio, account, arn));
CREATE TABLE IF NOT EXISTS sc_constraint (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL,
    portfolio TEXT NOT NULL REFERENCES sc_portfolio (id), product TEXT NOT NULL REFERENCES sc_product (id),
    type TEXT NOT NULL, description TEXT, parameters TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS sc_constraint_place ON sc_constraint (portfolio, product);
CREATE TABLE IF NOT EXISTS sc_tag (
    resource TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (resource, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sc_tag_option (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    key TEXT NOT NULL, value TEXT NOT NULL, active INTEGER NOT NULL DEFAULT 1,
    UNIQUE (account, region, key, value));
CREATE TABLE IF NOT EXISTS sc_tag_option_link (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, resource TEXT NOT NULL,
    tag_option TEXT NOT NULL REFERENCES sc_tag_option (id), UNIQUE (resource, tag_option));
CREATE TABLE IF NOT EXISTS sc_share (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, portfolio TEXT NOT NULL REFERENCES sc_portfolio (id),
    type TEXT NOT NULL, node TEXT NOT NULL, tag_options INTEGER NOT NULL, principals INTEGER NOT NULL,
    UNIQUE (portfolio, type, node));
CREATE TABLE IF NOT EXISTS sc_import (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, portfolio TEXT NOT NULL REFERENCES sc_portfolio (id),
    account TEXT NOT NULL, rejected INTEGER NOT NULL, UNIQUE (portfolio, account));
CREATE TABLE IF NOT EXISTS sc_share_token (
    token TEXT PRIMARY KEY, portfolio TEXT NOT NULL, node TEXT NOT NULL, status TEXT NOT NULL,
    successful_json TEXT NOT NULL, errors_json TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sc_organizations_access (account TEXT PRIMARY KEY, status TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sc_copy (
    token TEXT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, target TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS sc_service_action (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    name TEXT NOT NULL, description TEXT, type TEXT NOT NULL, definition_json TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sc_service_action_link (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, action TEXT NOT NULL REFERENCES sc_service_action (id),
    product TEXT NOT NULL, artifact TEXT NOT NULL REFERENCES sc_artifact (id) ON DELETE CASCADE,
    UNIQUE (action, artifact));
CREATE TABLE IF NOT EXISTS sc_budget (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, resource TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (resource, name));
CREATE TABLE IF NOT EXISTS sc_provisioned (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    name TEXT NOT NULL, product TEXT NOT NULL, artifact TEXT NOT NULL, portfolio TEXT NOT NULL, path TEXT NOT NULL,
    launch_role TEXT NOT NULL, stack TEXT NOT NULL, status TEXT NOT NULL, message TEXT, owner TEXT NOT NULL,
    session TEXT NOT NULL, token TEXT, last_record TEXT, last_provisioning TEXT, last_successful TEXT,
    created REAL NOT NULL, UNIQUE (account, region, name));
CREATE TABLE IF NOT EXISTS sc_record (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    provisioned TEXT NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL, product TEXT NOT NULL,
    artifact TEXT NOT NULL, path TEXT NOT NULL, launch_role TEXT NOT NULL, owner TEXT NOT NULL, session TEXT NOT NULL,
    errors_json TEXT NOT NULL, outputs_json TEXT NOT NULL, tags_json TEXT NOT NULL, created REAL NOT NULL,
    updated REAL NOT NULL);
CREATE INDEX IF NOT EXISTS sc_record_provisioned ON sc_record (provisioned);
CREATE TABLE IF NOT EXISTS sc_plan (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, region TEXT NOT NULL,
    name TEXT NOT NULL, provisioned TEXT NOT NULL, provisioned_name TEXT NOT NULL, product TEXT NOT NULL,
    artifact TEXT NOT NULL, path TEXT NOT NULL, owner TEXT NOT NULL, session TEXT NOT NULL, status TEXT NOT NULL,
    message TEXT, request_json TEXT NOT NULL, changes_json TEXT NOT NULL, created REAL NOT NULL, updated REAL NOT NULL,
    UNIQUE (account, region, name))
"""
