-- +goose Up

create table counters (
	name text not null primary key,
	value bigint not null
);
insert into counters (name, value) values ('change', 0), ('token', 0);

create table catalogs (
	digest text not null primary key,
	snapshot bytea not null,
	loaded_at bigint not null
);

-- The canonical JSON of each plan, byte for byte what its digest covers.
create table plans (
	digest text not null primary key,
	plan text not null
);

-- Times are microseconds since 1970-01-01T00:00:00Z; 0 means not yet.
create table changes (
	number bigint not null primary key,
	revision bigint not null,
	status text not null,
	plan_digest text not null references plans (digest),
	title text not null,
	type text not null,
	runbook text not null,
	submitter text not null,
	risk text not null,
	window_start bigint not null,
	window_end bigint not null,
	zone text not null,
	token bigint not null,
	created_at bigint not null,
	updated_at bigint not null,
	started_at bigint not null,
	ended_at bigint not null,
	version bigint not null,
	outcome text not null,
	holds bigint not null,
	note text not null,
	hold text not null,
	findings text not null
);
create index changes_by_status on changes (status, number);
create index changes_by_runbook on changes (runbook, outcome);
create index changes_by_submitter on changes (submitter, number);

create table revisions (
	change bigint not null references changes (number),
	revision bigint not null,
	plan_digest text not null references plans (digest),
	request text not null,
	submitter text not null,
	nonce text,
	at bigint not null,
	primary key (change, revision)
);
create unique index revisions_once on revisions (submitter, nonce) where nonce is not null;

-- The systems of the newest revision's footprint, kept after the change has ended.
create table change_systems (
	system text not null,
	change bigint not null references changes (number),
	touched bigint not null,
	primary key (system, change)
);
create index change_systems_by_change on change_systems (change);

-- Keys of transitions that have happened, so that one sent twice happens once.
create table transitions (
	change bigint not null references changes (number),
	once text not null,
	status text not null,
	at bigint not null,
	primary key (change, once)
);

-- Reservations, and claims: those with a token above 0.
create table holdings (
	system text not null,
	starts_at bigint not null,
	ends_at bigint not null,
	change bigint not null references changes (number),
	mode text not null,
	owner text not null,
	token bigint not null,
	since bigint not null,
	primary key (system, change, mode)
);
create index holdings_by_system on holdings (system, ends_at);
create index holdings_by_change on holdings (change);
create index holdings_by_end on holdings (ends_at);
create index holdings_claimed on holdings (system) where token > 0;
-- Two claims cannot stand on one system, whatever any program believes.
create unique index holdings_one_claim on holdings (system) where token > 0 and mode = 'touch';

create table fences (
	system text not null primary key,
	token bigint not null
);

-- Nonces of approvals and decisions, with the digest of what each was used for.
create table nonces (
	nonce text not null primary key,
	used_for text not null,
	at bigint not null
);

create table approvals (
	nonce text not null primary key references nonces (nonce),
	change bigint not null references changes (number),
	revision bigint not null,
	at bigint not null,
	approval text not null
);
create index approvals_by_change on approvals (change, revision, at);

create table decisions (
	nonce text not null primary key references nonces (nonce),
	change bigint not null references changes (number),
	revision bigint not null,
	at bigint not null,
	decision text not null
);
create index decisions_by_change on decisions (change, revision, at);

create table runs (
	change bigint not null references changes (number),
	revision bigint not null,
	step bigint not null,
	direction text not null,
	run bigint not null,
	attempt bigint not null,
	worker text not null,
	intent_at bigint not null,
	result_at bigint not null,
	outcome text not null,
	message text not null,
	output text not null,
	result_values text not null,
	primary key (change, revision, step, direction, run)
);

-- The audit log. The leaf is what the Merkle tree is computed over; the other
-- columns repeat what it says, for searching, and are compared with it by verify.
create table log_entries (
	number bigint not null primary key,
	leaf bytea not null,
	at bigint not null,
	kind text not null,
	change bigint not null,
	who text not null
);
create index log_entries_by_change on log_entries (change, number);
create index log_entries_by_who on log_entries (who, number);
create index log_entries_by_at on log_entries (at, number);

create table log_systems (
	system text not null,
	number bigint not null references log_entries (number),
	primary key (system, number)
);
create index log_systems_by_number on log_systems (number);

-- The hashes of the tree, at the index of tlog.StoredHashIndex.
create table log_hashes (
	place bigint not null primary key,
	hash bytea not null
);

-- The one row that every writing transaction locks first.
create table log_head (
	id bigint not null primary key check (id = 1),
	size bigint not null,
	root bytea not null,
	checkpoint text not null
);
insert into log_head (id, size, root, checkpoint) values (1, 0, decode(repeat('00', 32), 'hex'), '');

-- The log can only grow, whoever asks.
-- +goose StatementBegin
create function log_refuse() returns trigger language plpgsql as $$
begin
	raise exception 'the audit log is append-only' using errcode = 'insufficient_privilege';
end
$$;
-- +goose StatementEnd
create trigger log_entries_append_only before update or delete or truncate on log_entries for each statement execute function log_refuse();
create trigger log_systems_append_only before update or delete or truncate on log_systems for each statement execute function log_refuse();
create trigger log_hashes_append_only before update or delete or truncate on log_hashes for each statement execute function log_refuse();
create trigger log_head_stays before delete or truncate on log_head for each statement execute function log_refuse();
create trigger log_head_only_grows before update on log_head for each row when (new.size <= old.size) execute function log_refuse();

-- An installation whose service must not own the log creates the role changectl_app
-- before the first migration, migrates as another user, and lets the service log
-- in as a member of changectl_app: it may then insert into and read the log, no more.
-- +goose StatementBegin
do $$
begin
	if exists (select from pg_roles where rolname = 'changectl_app') then
		grant select on goose_db_version to changectl_app;
		grant select, insert on log_entries, log_systems, log_hashes to changectl_app;
		grant select, update on log_head, counters to changectl_app;
		grant select, insert on plans, catalogs, revisions, transitions, nonces, approvals, decisions to changectl_app;
		grant select, insert, update on changes, fences, runs to changectl_app;
		grant select, insert, delete on change_systems to changectl_app;
		grant select, insert, update, delete on holdings to changectl_app;
	end if;
end
$$;
-- +goose StatementEnd
