-- What a study asks: servers, the slot that a finding lies in, others' observations, studies as they were written down before they ran.

create table assay.servers (
  capture_id text not null,
  judgement text not null,
  host text not null,
  address text not null,
  asn bigint,
  organisation text,
  country text,
  certificate text,
  -- Whether it served the page itself.
  is_page boolean not null,
  primary key (capture_id, judgement, host, address),
  foreign key (capture_id, judgement) references assay.observations on delete cascade
);

-- The component that the finding's evidence lies in: an instance is a page and a slot.
alter table assay.findings add column slot text;

-- Others' observations, by day. Rebuilt from imports/ of the data folder. Kind `visited` without a subject: looked at, nothing found.
create table assay.imported (
  source text not null,
  observed_on date not null,
  site text not null,
  subject_kind text not null,
  subject text not null,
  primary key (source, observed_on, site, subject_kind, subject)
);
create index imported_of_site on assay.imported (site, observed_on);

-- Decisions of people. A study that is changed is another row: what was written down before the first visit stays.
create table assay.studies (
  name text not null,
  written_at timestamptz not null,
  digest text not null,
  definition jsonb not null,
  primary key (name, written_at)
);

-- Subject × site × conditions, folded from observations and kept: see 0001 for what a look is. An append-only table's count is its version.

drop view assay.sightings;
create materialized view assay.sightings as
  with looks as (
    select site, lane, vantage, conditions, capture_id, judgement, observed_at, status not in ('not-observed', 'inconclusive') as looked
    from assay.current_observations
  ), around as (
    select looks.*,
      count(*) filter (where looked) over (partition by site, lane, vantage, conditions) as looks_there,
      max(case when looked then observed_at end) over (partition by site, lane, vantage, conditions order by observed_at
        range between unbounded preceding and current row exclude group) as before,
      min(case when looked then observed_at end) over (partition by site, lane, vantage, conditions order by observed_at
        range between current row and unbounded following exclude group) as after
    from looks
  )
  select s.kind, s.subject, a.site, a.lane, a.vantage, a.conditions, min(a.observed_at) as first_seen, max(a.observed_at) as last_seen,
    count(*) as visits_seen,
    -- One that found the subject is a look whatever it missed.
    min(a.looks_there) + count(*) filter (where not a.looked) as visits_looked,
    -- Looks before never get earlier as time goes on, so the first sighting has none where any has none.
    case when not bool_or(a.before is null) then min(a.before) end as looked_before,
    case when not bool_or(a.after is null) then max(a.after) end as looked_after
  from assay.subjects s join around a using (capture_id, judgement)
  group by s.kind, s.subject, a.site, a.lane, a.vantage, a.conditions
  with no data;
create index sightings_by_subject on assay.sightings (kind, subject);

create table assay.folds (
  name text primary key,
  -- Rows of assay.observations that it was folded from.
  observations bigint not null
);
