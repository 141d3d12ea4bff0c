-- +goose Up

-- Reservations, claims (those with a token above 0) and what declared maintenances
-- hold. The party is the number of a change, or of a declared maintenance below 0.
-- No row is longer than the longest window: what is declared for longer lies here
-- in pieces, so that every look into the calendar reads a bounded range of one index.
drop index holdings_by_system, holdings_by_change, holdings_by_end;
alter table holdings drop constraint holdings_pkey;
alter table holdings drop constraint holdings_change_fkey;
alter table holdings rename column change to party;
alter table holdings
	add column access bigint not null default 0,
	add column path text not null default '',
	add constraint holdings_party_check check (party <> 0),
	add constraint holdings_token_check check (token = 0 or party > 0),
	add primary key (system, starts_at, ends_at, party, mode);
create index holdings_by_party on holdings (party);

-- The footprint by the catalog of today where it differs from the plan's, the declared
-- maintenances that a person accepted, and how to reach somebody.
alter table changes
	add column footprint text not null default '',
	add column accepted text not null default '',
	add column contact text not null default '';
create index changes_by_window on changes (window_start);
create index changes_by_end on changes (ended_at) where ended_at > 0;

-- Who is needed by changes that have not ended.
create table change_people (
	person text not null,
	starts_at bigint not null,
	ends_at bigint not null,
	change bigint not null references changes (number),
	primary key (person, starts_at, ends_at, change)
);
create index change_people_by_change on change_people (change);

-- Members of the redundancy groups that changes which have not ended degrade: what
-- happens to them concerns the change, though it does not hold them.
create table change_members (
	system text not null,
	change bigint not null references changes (number),
	primary key (system, change)
);
create index change_members_by_change on change_members (change);

-- Declared maintenances as they stand, and every revision of each.
create table declarations (
	number bigint not null primary key,
	revision bigint not null,
	state text not null,
	starts_at bigint not null,
	ends_at bigint not null,
	zone text not null,
	title text not null,
	impact text not null,
	owner text not null,
	contact text not null,
	declared_by text not null,
	calendar text not null,
	uid text not null,
	recurrence text not null,
	sequence bigint not null,
	fed text not null,
	declaration text not null
);
create index declarations_by_start on declarations (starts_at);
create index declarations_by_calendar on declarations (calendar) where calendar <> '';
create unique index declarations_once on declarations (uid, recurrence) where uid <> '';

create table declaration_revisions (
	number bigint not null references declarations (number),
	revision bigint not null,
	at bigint not null,
	declaration text not null,
	primary key (number, revision)
);

-- What came of each batch of declarations, for one that is sent twice.
create table declaration_batches (
	nonce text not null primary key references nonces (nonce),
	answer text not null
);

create table freezes (
	number bigint not null primary key,
	starts_at bigint not null,
	ends_at bigint not null,
	lifted_at bigint not null,
	nonce text references nonces (nonce),
	body text not null
);
create index freezes_by_end on freezes (ends_at) where lifted_at = 0;
create unique index freezes_once on freezes (nonce) where nonce is not null;

-- Changes to be judged again, each once. The entry is that of the log which asked last.
create table rechecks (
	change bigint not null primary key references changes (number),
	because text not null,
	at bigint not null,
	entry bigint not null
);

-- Who has signed for breaking which claim.
create table claim_breaks (
	change bigint not null references changes (number),
	token bigint not null,
	person text not null,
	nonce text not null references nonces (nonce),
	at bigint not null,
	primary key (change, token, person)
);

-- The catalog that was activated last.
create table catalog_active (
	id bigint not null primary key check (id = 1),
	digest text not null,
	at bigint not null
);
insert into catalog_active (id, digest, at) values (1, '', 0);

insert into counters (name, value) values ('maintenance', 0), ('freeze', 0);

-- +goose StatementBegin
do $$
begin
	if exists (select from pg_roles where rolname = 'changectl_app') then
		grant select, insert on declaration_revisions, declaration_batches, claim_breaks to changectl_app;
		grant select, insert, update on declarations, freezes to changectl_app;
		grant select, update on catalog_active to changectl_app;
		grant select, insert, delete on change_people, change_members to changectl_app;
		grant select, insert, update, delete on rechecks to changectl_app;
	end if;
end
$$;
-- +goose StatementEnd
