-- +goose Up

-- Reservations, claims (those with a token above 0) and what declared maintenances
-- hold. The party is the number of a change, or of a declared maintenance below 0.
-- No row is longer than the longest window: what is declared for longer lies here
-- in pieces, so that every look into the calendar reads a bounded range of one index.
create table parties_holdings (
	system text not null,
	starts_at integer not null,
	ends_at integer not null,
	party integer not null check (party <> 0),
	mode text not null,
	access integer not null,
	owner text not null,
	token integer not null check (token = 0 or party > 0),
	since integer not null,
	path text not null,
	primary key (system, starts_at, party, mode)
) strict, without rowid;
insert into parties_holdings (system, starts_at, ends_at, party, mode, access, owner, token, since, path)
	select system, starts_at, ends_at, change, mode, 0, owner, token, since, '' from holdings;
drop table holdings;
alter table parties_holdings rename to holdings;
create index holdings_by_party on holdings (party);
create index holdings_claimed on holdings (system) where token > 0;
-- Two claims cannot stand on one system, whatever any program believes.
create unique index holdings_one_claim on holdings (system) where token > 0 and mode = 'touch';

-- The footprint by the catalog of today where it differs from the plan's, the declared
-- maintenances that a person accepted, and how to reach somebody.
alter table changes add column footprint text not null default '';
alter table changes add column accepted text not null default '';
alter table changes add column contact text not null default '';
create index changes_by_window on changes (window_start);
create index changes_by_end on changes (ended_at) where ended_at > 0;

-- Who is needed by changes that have not ended.
create table change_people (
	person text not null,
	starts_at integer not null,
	ends_at integer not null,
	change integer not null references changes (number),
	primary key (person, starts_at, change)
) strict, without rowid;
create index change_people_by_change on change_people (change);

-- Members of the redundancy groups that changes which have not ended degrade: what
-- happens to them concerns the change, though it does not hold them.
create table change_members (
	system text not null,
	change integer not null references changes (number),
	primary key (system, change)
) strict, without rowid;
create index change_members_by_change on change_members (change);

-- Declared maintenances as they stand, and every revision of each.
create table declarations (
	number integer not null primary key,
	revision integer not null,
	state text not null,
	starts_at integer not null,
	ends_at integer not null,
	zone text not null,
	title text not null,
	impact text not null,
	owner text not null,
	contact text not null,
	declared_by text not null,
	calendar text not null,
	uid text not null,
	recurrence text not null,
	sequence integer not null,
	fed text not null,
	declaration text not null
) strict;
create index declarations_by_start on declarations (starts_at);
create index declarations_by_calendar on declarations (calendar) where calendar <> '';
create unique index declarations_once on declarations (uid, recurrence) where uid <> '';

create table declaration_revisions (
	number integer not null references declarations (number),
	revision integer not null,
	at integer not null,
	declaration text not null,
	primary key (number, revision)
) strict, without rowid;

-- What came of each batch of declarations, for one that is sent twice.
create table declaration_batches (
	nonce text not null primary key references nonces (nonce),
	answer text not null
) strict;

create table freezes (
	number integer not null primary key,
	starts_at integer not null,
	ends_at integer not null,
	lifted_at integer not null,
	nonce text references nonces (nonce),
	body text not null
) strict;
create index freezes_by_end on freezes (ends_at) where lifted_at = 0;
create unique index freezes_once on freezes (nonce) where nonce is not null;

-- Changes to be judged again, each once. The entry is that of the log which asked last.
create table rechecks (
	change integer not null primary key references changes (number),
	because text not null,
	at integer not null,
	entry integer not null
) strict;

-- Who has signed for breaking which claim.
create table claim_breaks (
	change integer not null references changes (number),
	token integer not null,
	person text not null,
	nonce text not null references nonces (nonce),
	at integer not null,
	primary key (change, token, person)
) strict, without rowid;

-- The catalog that was activated last.
create table catalog_active (
	id integer not null primary key check (id = 1),
	digest text not null,
	at integer not null
) strict;
insert into catalog_active (id, digest, at) values (1, '', 0);

insert into counters (name, value) values ('maintenance', 0), ('freeze', 0);
