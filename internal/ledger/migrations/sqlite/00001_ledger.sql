-- +goose Up

create table counters (
	name text not null primary key,
	value integer not null
) strict;
insert into counters (name, value) values ('change', 0), ('token', 0);

create table catalogs (
	digest text not null primary key,
	snapshot blob not null,
	loaded_at integer not null
) strict;

-- The canonical JSON of each plan, byte for byte what its digest covers.
create table plans (
	digest text not null primary key,
	plan text not null
) strict;

-- Times are microseconds since 1970-01-01T00:00:00Z; 0 means not yet.
create table changes (
	number integer not null primary key,
	revision integer not null,
	status text not null,
	plan_digest text not null references plans (digest),
	title text not null,
	type text not null,
	runbook text not null,
	submitter text not null,
	risk text not null,
	window_start integer not null,
	window_end integer not null,
	zone text not null,
	token integer not null,
	created_at integer not null,
	updated_at integer not null,
	started_at integer not null,
	ended_at integer not null,
	version integer not null,
	outcome text not null,
	holds integer not null,
	note text not null,
	hold text not null,
	findings text not null
) strict;
create index changes_by_status on changes (status, number);
create index changes_by_runbook on changes (runbook, outcome);
create index changes_by_submitter on changes (submitter, number);

create table revisions (
	change integer not null references changes (number),
	revision integer not null,
	plan_digest text not null references plans (digest),
	request text not null,
	submitter text not null,
	nonce text,
	at integer not null,
	primary key (change, revision)
) strict;
create unique index revisions_once on revisions (submitter, nonce) where nonce is not null;

-- The systems of the newest revision's footprint, kept after the change has ended.
create table change_systems (
	system text not null,
	change integer not null references changes (number),
	touched integer not null,
	primary key (system, change)
) strict, without rowid;
create index change_systems_by_change on change_systems (change);

-- Keys of transitions that have happened, so that one sent twice happens once.
create table transitions (
	change integer not null references changes (number),
	once text not null,
	status text not null,
	at integer not null,
	primary key (change, once)
) strict, without rowid;

-- Reservations, and claims: those with a token above 0.
create table holdings (
	system text not null,
	starts_at integer not null,
	ends_at integer not null,
	change integer not null references changes (number),
	mode text not null,
	owner text not null,
	token integer not null,
	since integer not null,
	primary key (system, starts_at, change, mode)
) strict, without rowid;
create index holdings_by_change on holdings (change);
create index holdings_by_end on holdings (ends_at);
create index holdings_claimed on holdings (system) where token > 0;
-- Two claims cannot stand on one system, whatever any program believes.
create unique index holdings_one_claim on holdings (system) where token > 0 and mode = 'touch';

create table fences (
	system text not null primary key,
	token integer not null
) strict;

-- Nonces of approvals and decisions, with the digest of what each was used for.
create table nonces (
	nonce text not null primary key,
	used_for text not null,
	at integer not null
) strict;

create table approvals (
	nonce text not null primary key references nonces (nonce),
	change integer not null references changes (number),
	revision integer not null,
	at integer not null,
	approval text not null
) strict;
create index approvals_by_change on approvals (change, revision, at);

create table decisions (
	nonce text not null primary key references nonces (nonce),
	change integer not null references changes (number),
	revision integer not null,
	at integer not null,
	decision text not null
) strict;
create index decisions_by_change on decisions (change, revision, at);

create table runs (
	change integer not null references changes (number),
	revision integer not null,
	step integer not null,
	direction text not null,
	run integer not null,
	attempt integer not null,
	worker text not null,
	intent_at integer not null,
	result_at integer not null,
	outcome text not null,
	message text not null,
	output text not null,
	result_values text not null,
	primary key (change, revision, step, direction, run)
) strict, without rowid;

-- The audit log. The leaf is what the Merkle tree is computed over; the other
-- columns repeat what it says, for searching, and are compared with it by verify.
create table log_entries (
	number integer not null primary key,
	leaf blob not null,
	at integer not null,
	kind text not null,
	change integer not null,
	who text not null
) strict;
create index log_entries_by_change on log_entries (change, number);
create index log_entries_by_who on log_entries (who, number);
create index log_entries_by_at on log_entries (at, number);

create table log_systems (
	system text not null,
	number integer not null references log_entries (number),
	primary key (system, number)
) strict, without rowid;
create index log_systems_by_number on log_systems (number);

-- The hashes of the tree, at the index of tlog.StoredHashIndex.
create table log_hashes (
	place integer not null primary key,
	hash blob not null
) strict;

-- The one row that every writing transaction locks first.
create table log_head (
	id integer not null primary key check (id = 1),
	size integer not null,
	root blob not null,
	checkpoint text not null
) strict;
insert into log_head (id, size, root, checkpoint) values (1, 0, zeroblob(32), '');

-- The log can only grow.
-- +goose StatementBegin
create trigger log_entries_no_update before update on log_entries begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_entries_no_delete before delete on log_entries begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_systems_no_update before update on log_systems begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_systems_no_delete before delete on log_systems begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_hashes_no_update before update on log_hashes begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_hashes_no_delete before delete on log_hashes begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_entries_no_replace before insert on log_entries when exists (select 1 from log_entries where number = new.number) begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_hashes_no_replace before insert on log_hashes when exists (select 1 from log_hashes where place = new.place) begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_head_only_grows before update on log_head when new.size <= old.size begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
-- +goose StatementBegin
create trigger log_head_no_delete before delete on log_head begin
	select raise(abort, 'the audit log is append-only');
end;
-- +goose StatementEnd
