#!/bin/sh
# The mistake: promote the standby and repoint the pooler, without pausing the
# clients and without stopping the old primary. Nothing fails and nothing stalls,
# and what the old primary acknowledges in between is gone.
#
# usage: naive.sh LAB_ENV
set -eu
. "$1"
if [ "$(id -u)" = 0 ] && [ -n "$LAB_DROP" ]; then
	exec setpriv --reuid="$LAB_UID" --regid="$LAB_GID" --clear-groups -- /bin/sh "$0" "$@"
fi
cd "$LAB_HOME"
umask 077
export PGHOST=127.0.0.1 PGSSLMODE=disable LD_LIBRARY_PATH="$LAB_LIBRARY_PATH"
psql="$LAB_BUILDS/${LAB_VERSIONS%% *}/usr/lib/postgresql/15/bin/psql -XAtq -v ON_ERROR_STOP=1"
ini=$LAB_HOME/pooler/pgbouncer.ini

began=$(date +%s%N)
PGPASSWORD=$LAB_ADMIN_PASSWORD $psql -p "$LAB_PORT_n2" -U postgres -d postgres -c "SELECT pg_promote(true, 60)" >/dev/null
sed "s/^orders = .*/orders = host=127.0.0.1 port=$LAB_PORT_n2 dbname=orders/" "$ini" >"$ini.new"
mv "$ini.new" "$ini"
$psql -p "$LAB_POOLER_PORT" -U pgbouncer -d pgbouncer -c RELOAD >/dev/null
echo "n2 is the primary"
echo "total_ms=$((($(date +%s%N) - began) / 1000000))"
