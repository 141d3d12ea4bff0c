-- +goose Up

-- Deliveries of webhooks that were accepted, each once, until what they are about has
-- been told. They say whom to tell and nothing that is relied on.
create table github_deliveries (
	guid text not null primary key,
	event text not null,
	action text not null,
	repository bigint not null,
	name text not null,
	pulls text not null,
	branch text not null,
	commit_sha text not null,
	received_at bigint not null,
	done_at bigint not null
);
create index github_deliveries_open on github_deliveries (received_at) where done_at = 0;
create index github_deliveries_about on github_deliveries (repository, event, received_at);

-- What was seen of each pull request and answered there; number 0 is the repository itself.
create table github_pulls (
	repository bigint not null,
	number bigint not null,
	open bigint not null,
	head text not null,
	base text not null,
	updated_at bigint not null,
	seen_at bigint not null,
	version bigint not null,
	state text not null,
	primary key (repository, number)
);

-- Where a change comes from, as of its newest revision, and what of it was told there last.
create table change_origins (
	change bigint not null primary key references changes (number),
	repository bigint not null,
	number bigint not null,
	base text not null,
	path text not null,
	commit_sha text not null,
	told text not null
);
create index change_origins_by_pull on change_origins (repository, number);

-- Why what a change comes from no longer stands.
alter table changes add column detached text not null default '';

-- +goose StatementBegin
do $$
begin
	if exists (select from pg_roles where rolname = 'changectl_app') then
		grant select, insert, update on github_pulls to changectl_app;
		grant select, insert, update, delete on github_deliveries, change_origins to changectl_app;
	end if;
end
$$;
-- +goose StatementEnd
