CREATE TABLE customers (customer {text} PRIMARY KEY, sealed {bytes} NOT NULL, since BIGINT NOT NULL);
CREATE TABLE items (item {text} PRIMARY KEY, title {text} NOT NULL, category {text} NOT NULL, price BIGINT NOT NULL, cost BIGINT NOT NULL,
  stock BIGINT NOT NULL, on_order BIGINT NOT NULL, lead_days DOUBLE PRECISION NOT NULL);
CREATE TABLE events (seq {serial}, id {text} NOT NULL UNIQUE, customer {text} NOT NULL, item {text} NOT NULL, kind {text} NOT NULL, at BIGINT NOT NULL,
  quantity BIGINT NOT NULL, amount BIGINT NOT NULL, purchase {text} NOT NULL, session {text} NOT NULL, words {text} NOT NULL);
CREATE INDEX events_customer ON events (customer, at);
CREATE INDEX events_kind ON events (kind, at);
CREATE TABLE faq (id {text} PRIMARY KEY, question {text} NOT NULL, answer {text} NOT NULL);
CREATE TABLE offers (id {text} PRIMARY KEY, title {text} NOT NULL, item {text} NOT NULL, stock BIGINT NOT NULL, cost BIGINT NOT NULL);
CREATE TABLE ads (id {text} PRIMARY KEY, spec {bytes} NOT NULL);
CREATE TABLE ad_views (seq {serial}, page BIGINT NOT NULL, ad {text} NOT NULL, customer {text} NOT NULL, at BIGINT NOT NULL, impression {bytes} NOT NULL,
  clicked BIGINT NOT NULL, acted BIGINT NOT NULL, UNIQUE (page, ad));
CREATE INDEX ad_views_customer ON ad_views (customer);
CREATE TABLE experiments (name {text} PRIMARY KEY, arms {bytes} NOT NULL, began BIGINT NOT NULL, ended BIGINT NOT NULL);
CREATE TABLE exposures (seq {serial}, id {text} NOT NULL UNIQUE, experiment {text} NOT NULL, customer {text} NOT NULL, arm {text} NOT NULL, at BIGINT NOT NULL);
CREATE INDEX exposures_customer ON exposures (customer);
CREATE INDEX exposures_experiment ON exposures (experiment, at);
CREATE TABLE assignments (experiment {text} NOT NULL, customer {text} NOT NULL, arm {text} NOT NULL, at BIGINT NOT NULL, PRIMARY KEY (experiment, customer));
CREATE TABLE deletions (subject {text} PRIMARY KEY, at BIGINT NOT NULL, pending {text} NOT NULL);
CREATE TABLE tokens (name {text} PRIMARY KEY, role {text} NOT NULL, digest {bytes} NOT NULL UNIQUE, made BIGINT NOT NULL);
CREATE TABLE trail (seq {serial}, at BIGINT NOT NULL, actor {text} NOT NULL, act {text} NOT NULL, subject {text} NOT NULL, link {bytes} NOT NULL);
CREATE INDEX trail_subject ON trail (subject);
{append only trail};
