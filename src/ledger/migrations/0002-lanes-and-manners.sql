-- Lanes: a page may have several turns in one round (http, browser, a repeat); what comes next stands with the seed.

alter table assay.crawls
  -- Lane of each round's first visit: http, or browser.
  add column first_lane text not null default 'browser',
  -- What the crawl was last started with, for whoever joins it and for its status.
  add column settings jsonb not null default '{}';

alter table assay.seeds
  add column lane text not null default 'browser',
  add column repeat int not null default 0,
  -- {probability, reason} of the turn that comes next.
  add column inclusion jsonb,
  -- Place in the draw among the round's hints, of those that wait for it.
  add column drawn double precision,
  -- Attempts of this turn that observed nothing: [{at, failure, code}].
  add column tried jsonb not null default '[]',
  -- The page that named it, and how many links away from its seed.
  add column parent text,
  add column depth int not null default 0,
  -- Why robots.txt is not asked; null asks.
  add column robots_reason text;
create index seeds_held on assay.seeds (crawl, next_round, drawn) where drawn is not null;

alter table assay.sites
  -- Visits in a row that observed nothing: each makes the rest longer.
  add column failures int not null default 0;

alter table assay.leases
  add column lane text not null default 'browser',
  add column repeat int not null default 0,
  -- Address that the visit goes to, once it is known.
  add column address text;
create index leases_by_address on assay.leases (address) where address is not null;

-- Visits that a day has had or has in hand.
create table assay.budgets (
  crawl text not null references assay.crawls,
  day date not null,
  used int not null,
  primary key (crawl, day)
);

-- What a server last said to robots; its text is a blob.
create table assay.robots (
  origin text primary key,
  fetched_at timestamptz not null,
  expires_at timestamptz not null,
  -- rules, none (4xx) or unreachable (5xx, no answer).
  outcome text not null,
  digest text,
  reason text
);

-- Validators (RFC 9110, 8.8) of what a page loaded in the http lane, with the digest of the octets that they stand for.
create table assay.validators (
  page text primary key,
  stored_at timestamptz not null,
  entries jsonb not null
);

alter table assay.visits
  add column lane text not null default 'browser',
  add column repeat int not null default 0,
  add column inclusion double precision,
  add column inclusion_reason text,
  add column failure text,
  -- Whether the page was done with in that round.
  add column is_last boolean not null default true;
drop index assay.visits_once_a_round;
create unique index visits_once_a_turn on assay.visits (crawl, url, round, lane, repeat) where crawl is not null;
