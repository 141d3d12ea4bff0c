#!/bin/sh
# The whole switchover patch by hand: both nodes patched, failover and failback,
# in the order that loses nothing, with psql and pg_ctl alone.
#
# usage: baseline.sh LAB_ENV [tight]
#
# LAB_ENV is the lab.env of a fresh lab with n1 as the primary. As written,
# pg_ctl and pg_promote wait in their own way (they look ten times a second);
# "tight" asks every 10 ms instead. The last line is the total in milliseconds.
set -eu
. "$1"
tight=${2:-}
if [ "$(id -u)" = 0 ] && [ -n "$LAB_DROP" ]; then
	exec setpriv --reuid="$LAB_UID" --regid="$LAB_GID" --clear-groups -- /bin/sh "$0" "$@"
fi
cd "$LAB_HOME"
umask 077
export PGPASSWORD="$LAB_ADMIN_PASSWORD" PGHOST=127.0.0.1 PGUSER=postgres PGDATABASE=postgres PGSSLMODE=disable
old=${LAB_VERSIONS%% *}
new=${LAB_VERSIONS##* }
client=$LAB_BUILDS/$old/usr/lib/postgresql/15/bin

fail() {
	echo "baseline: $*" >&2
	exit 1
}
port() { eval "echo \$LAB_PORT_$1"; }
sql() { psql_ -p "$(port "$1")" -c "$2"; }
console() { psql_ -p "$LAB_POOLER_PORT" -U pgbouncer -d pgbouncer -c "$1" >/dev/null; }
psql_() { LD_LIBRARY_PATH="$LAB_LIBRARY_PATH" "$client/psql" -XAtq -v ON_ERROR_STOP=1 "$@"; }
pg() {
	node=$1 tool=$2
	shift 2
	LD_LIBRARY_PATH="$LAB_LIBRARY_PATH" "$LAB_HOME/$node/build/usr/lib/postgresql/15/bin/$tool" -D "$LAB_HOME/$node/data" "$@"
}
until_yes() {
	left=3000
	until [ "$(eval "$1")" = t ]; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || fail "waited in vain for: $1"
		sleep 0.01
	done
}

stop() {
	if [ -z "$tight" ]; then
		pg "$1" pg_ctl stop -m fast -w >/dev/null
		return
	fi
	pid=$(head -n 1 "$LAB_HOME/$1/data/postmaster.pid")
	pg "$1" pg_ctl stop -m fast -W >/dev/null
	while grep -aqF "$LAB_HOME/$1/data" "/proc/$pid/cmdline" 2>/dev/null; do sleep 0.01; done
}
promote() {
	if [ -z "$tight" ]; then
		[ "$(sql "$1" "SELECT pg_promote(true, 60)")" = t ] || fail "$1 was not promoted in 60 s"
		return
	fi
	sql "$1" "SELECT pg_promote(false)" >/dev/null
	until_yes "sql $1 'SELECT NOT pg_is_in_recovery()'"
}
start() {
	pg "$1" pg_ctl start -w -l "$LAB_HOME/$1/log" >/dev/null
}

# switchover FROM TO: TO becomes the primary, FROM its standby on the new build.
switchover() {
	from=$1 to=$2
	[ "$(sql "$from" "SELECT NOT pg_is_in_recovery()")" = t ] || fail "$from is not the primary"
	[ "$(sql "$to" "SELECT pg_is_in_recovery()")" = t ] || fail "$to is not a standby"
	[ "$(sql "$from" "SELECT count(*) = 1 AND coalesce(bool_and(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) < 1048576), false) FROM pg_stat_replication WHERE state = 'streaming'")" = t ] || fail "the standby lags by 1 MB or more, or does not stream"
	[ "$(sql "$from" "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'client backend' AND xact_start < now() - interval '30 s'")" = t ] || fail "a transaction is older than 30 s"
	[ "$(sql "$from" "SELECT count(*) = 0 FROM pg_prepared_xacts")" = t ] || fail "there are prepared transactions"
	sql "$from" CHECKPOINT
	console "PAUSE orders"
	stop "$from"
	location=$(LC_ALL=C pg "$from" pg_controldata | sed -n 's/^Latest checkpoint location: *//p')
	until_yes "sql $to \"SELECT pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '$location') > 0\""
	promote "$to"
	ini=$LAB_HOME/pooler/pgbouncer.ini
	sed "s/^orders = .*/orders = host=127.0.0.1 port=$(port "$to") dbname=orders/" "$ini" >"$ini.new"
	mv "$ini.new" "$ini"
	console RELOAD
	console "RESUME orders"
	: >"$LAB_HOME/$from/data/standby.signal"
	echo "primary_conninfo = 'host=127.0.0.1 port=$(port "$to") user=replicator password=$LAB_REPLICATION_PASSWORD application_name=$from'" >"$LAB_HOME/$from/data/follow.conf"
	ln -sfn "$LAB_BUILDS/$new" "$LAB_HOME/$from/build"
	start "$from"
	until_yes "sql $to \"SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = '$from' AND state = 'streaming'\""
	[ "$(sql "$from" "SHOW server_version" | cut -d' ' -f1)" = "$new" ] || fail "$from does not run $new"
	token="$from-$to-$$"
	psql_ -p "$LAB_POOLER_PORT" -U orders -d orders -c "INSERT INTO tokens(token) VALUES ('$token')"
	until_yes "psql_ -p $(port "$from") -d orders -c \"SELECT count(*) = 1 FROM tokens WHERE token = '$token'\""
	echo "$to is the primary, $from runs $new and streams"
}

began=$(date +%s%N)
switchover n1 n2
switchover n2 n1
echo "total_ms=$((($(date +%s%N) - began) / 1000000))"
