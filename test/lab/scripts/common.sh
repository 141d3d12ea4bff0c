# Sourced by every helper: the lab's values, the servers' user, and the words
# that the helpers share.
set -eu

fail() {
	echo "$(basename "$0"): $*" >&2
	exit 1
}

if [ "$(id -u)" = 0 ] && [ -n "${LAB_DROP:-}" ]; then
	exec setpriv --reuid="$LAB_UID" --regid="$LAB_GID" --clear-groups -- /bin/sh "$0" "$@"
fi
[ "$(id -u)" = "$LAB_UID" ] || fail "run as user id $LAB_UID, which started the lab (or as root where root did), not as $(id -u)"
cd "$LAB_HOME"
umask 077

# node NAME sets data, bin, log, port and the library path of that node.
node() {
	case "${1:-}" in
	n1) port=$LAB_PORT_n1 ;;
	n2) port=$LAB_PORT_n2 ;;
	*) fail "unknown node '${1:-}': expected n1 or n2" ;;
	esac
	name=$1
	data=$LAB_HOME/$1/data
	log=$LAB_HOME/$1/log
	build=$(readlink "$LAB_HOME/$1/build") || fail "$1 has no build: call node-build $1 VERSION"
	bin=$build/usr/lib/postgresql/15/bin
	libraries "$build"
}

# libraries BUILD puts that build's libpq, then the unpacked libraries, on the path.
libraries() {
	LD_LIBRARY_PATH=
	for d in "$1"/usr/lib/*-linux-gnu* "$LAB_LIBS"/usr/lib/*-linux-gnu* "$LAB_LIBS"/lib/*-linux-gnu*; do
		[ -d "$d" ] && LD_LIBRARY_PATH=$LD_LIBRARY_PATH${LD_LIBRARY_PATH:+:}$d
	done
	export LD_LIBRARY_PATH
}

# postmaster prints the process id that the node's lock file names, if any.
postmaster() {
	[ -f "$data/postmaster.pid" ] && head -n 1 "$data/postmaster.pid" 2>/dev/null
}

# alive PID: the process is this node's server. A zombie has no command line and is gone.
alive() {
	[ -n "$1" ] && grep -aqF "$data" "/proc/$1/cmdline" 2>/dev/null
}

# exists PID: the process is there and is not a zombie. (Its command line would
# not tell: it reads as empty for a moment while the program is being replaced.)
exists() {
	grep -q '^State:[[:space:]]*[^ZX]' "/proc/$1/status" 2>/dev/null
}

running() {
	alive "$(postmaster || true)"
}

# within SECONDS COMMAND... asks every 10 ms until the command says yes.
within() {
	left=$(($1 * 100))
	shift
	until "$@"; do
		left=$((left - 1))
		[ "$left" -gt 0 ] || return 1
		sleep 0.01
	done
}
