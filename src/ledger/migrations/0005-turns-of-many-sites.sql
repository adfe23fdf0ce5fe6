-- Millions of seeds: jobs are made of those that come next, in an order that an index has.

-- Place in the lists, in the order in which they were handed in.
create sequence assay.seed_places;
alter table assay.seeds add column place bigint not null default nextval('assay.seed_places');
create index seeds_in_order on assay.seeds (crawl, lane, next_at, place) where next_at is not null;
drop index assay.seeds_due;
-- Both name all that a claim asks for: no statistics are needed to choose.
create index seeds_of_site on assay.seeds (crawl, lane, site, next_at) where next_at is not null;
drop index assay.seeds_due_by_site;

-- A site's row changes with every visit. Without an index on what changes, and with room beside it, no index does.
drop index assay.sites_leased;
alter table assay.sites set (fillfactor = 60);
