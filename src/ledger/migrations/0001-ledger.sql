-- Decisions of people: they live here alone.

create table assay.crawls (
  name text primary key,
  -- Milliseconds between rounds; null visits once.
  every_ms bigint,
  rounds int not null check (rounds > 0),
  starts_at timestamptz not null,
  created_at timestamptz not null
);

create table assay.seeds (
  crawl text not null references assay.crawls,
  url text not null,
  site text not null,
  rank int,
  tags text[] not null,
  scope text not null,
  -- What the schedule wants next; null when all rounds are done.
  next_round int,
  next_at timestamptz,
  attempts int not null default 0,
  primary key (crawl, url)
);
create index seeds_due_by_site on assay.seeds (crawl, site, next_at) where next_at is not null;
create index seeds_due on assay.seeds (crawl, next_at) where next_at is not null;

-- The queue's own state. A visit's identifier is its fencing token: only the one that stands here may be acknowledged.

create table assay.sites (
  site text primary key,
  lease text,
  -- Politeness: nobody visits before.
  ready_at timestamptz
);
create index sites_leased on assay.sites (lease) where lease is not null;

create table assay.leases (
  visit_id text primary key,
  site text not null,
  crawl text not null,
  url text not null,
  round int not null,
  planned_at timestamptz not null,
  job_id uuid not null,
  -- Number of the advisory lock that its process holds while it lives.
  worker int not null,
  leased_at timestamptz not null default now()
);
create sequence assay.worker_numbers as int cycle;

-- The index: everything below is rebuilt from the files by a reindex, equal.

create table assay.visits (
  visit_id text primary key,
  crawl text,
  round int,
  url text not null,
  site text not null,
  rank int,
  tags text[] not null,
  planned_at timestamptz,
  capture_id text,
  observed_at timestamptz not null,
  error_code text
);
create unique index visits_once_a_round on assay.visits (crawl, url, round) where crawl is not null;
create index visits_of_site on assay.visits (site, observed_at);

create table assay.observations (
  capture_id text not null,
  judgement text not null,
  visit_id text not null references assay.visits,
  url text not null,
  final_url text not null,
  site text not null,
  lane text not null,
  vantage text not null,
  -- What of the conditions a sighting is told apart by; see index-rows.ts.
  conditions text not null,
  rank int,
  tags text[] not null,
  observed_at timestamptz not null,
  recorded_at timestamptz not null,
  reached text not null,
  status text not null,
  activity text not null,
  consent text not null,
  placement text not null,
  error_code text,
  primary key (capture_id, judgement)
);
create index observations_of_site on assay.observations (site, observed_at);
create index observations_of_visit on assay.observations (visit_id);

create table assay.subjects (
  capture_id text not null,
  judgement text not null,
  kind text not null,
  subject text not null,
  primary key (capture_id, judgement, kind, subject),
  foreign key (capture_id, judgement) references assay.observations on delete cascade
);
create index subjects_by_subject on assay.subjects (kind, subject);

create table assay.findings (
  capture_id text not null,
  judgement text not null,
  number int not null,
  detector text not null,
  kind text not null,
  weight text not null,
  family text,
  service text,
  account text,
  title text not null,
  primary key (capture_id, judgement, number),
  foreign key (capture_id, judgement) references assay.observations on delete cascade
);

-- What is believed of a capture: its latest judgement, or the latest before a day.

create view assay.current_observations as
  select distinct on (capture_id) * from assay.observations order by capture_id, recorded_at desc, judgement desc;

create function assay.observations_as_of(day timestamptz) returns setof assay.observations language sql stable as $$
  select distinct on (capture_id) * from assay.observations where recorded_at <= day order by capture_id, recorded_at desc, judgement desc
$$;

-- Subject × site × conditions. A look is a visit that reached content and whose answer does not depend on something it was blind to;
-- one that found the subject is a look whatever it missed. looked_before and looked_after bound both ends of a stay:
-- the last look before it was first seen, the first look after it was last seen.

create view assay.sightings as
  with looks as (
    select site, lane, vantage, conditions, capture_id, judgement, observed_at, status not in ('not-observed', 'inconclusive') as looked
    from assay.current_observations
  ), seen as (
    select s.kind, s.subject, l.site, l.lane, l.vantage, l.conditions, min(l.observed_at) as first_seen, max(l.observed_at) as last_seen, count(*) as visits_seen
    from assay.subjects s join looks l using (capture_id, judgement)
    group by s.kind, s.subject, l.site, l.lane, l.vantage, l.conditions
  )
  select seen.*,
    (select count(*) from looks l where (l.site, l.lane, l.vantage, l.conditions) = (seen.site, seen.lane, seen.vantage, seen.conditions)
       and (l.looked or exists (select from assay.subjects s where (s.capture_id, s.judgement, s.kind, s.subject) = (l.capture_id, l.judgement, seen.kind, seen.subject)))) as visits_looked,
    (select max(l.observed_at) from looks l where (l.site, l.lane, l.vantage, l.conditions) = (seen.site, seen.lane, seen.vantage, seen.conditions)
       and l.looked and l.observed_at < seen.first_seen) as looked_before,
    (select min(l.observed_at) from looks l where (l.site, l.lane, l.vantage, l.conditions) = (seen.site, seen.lane, seen.vantage, seen.conditions)
       and l.looked and l.observed_at > seen.last_seen) as looked_after
  from seen;
