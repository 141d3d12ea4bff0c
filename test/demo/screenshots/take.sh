#!/usr/bin/env bash
# Takes the pictures of Temporal's Web UI in docs/ again: plays the demonstration,
# which holds at its end, and looks at it with Chromium without a window.
#   test/demo/screenshots/take.sh [DIRECTORY FOR THE PICTURES]
# Needs what make demo needs, and node, npm and Chromium (Debian: chromium).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
out=$(mkdir -p "${1:-$top/docs}" && cd "${1:-$top/docs}" && pwd)
work=$(mktemp -d)
demo=
finish() {
  if [ -n "$demo" ]; then kill -INT "$demo" 2>/dev/null || true; wait "$demo" || true; fi
  rm -rf "$work"
}
trap finish EXIT

cp "$here/take.mjs" "$work/"
npm install --silent --no-audit --no-fund --prefix "$work" playwright-core@1.65.1
(cd "$top" && go build -o "$work/demo" ./test/demo)
(cd "$top" && DEMO_HOLD=1 exec "$work/demo" >"$work/demo.out" 2>&1 </dev/null) &
demo=$!
until grep -q '^Play the people' "$work/demo.out" 2>/dev/null; do
  kill -0 "$demo" 2>/dev/null || { tail -n 5 "$work/demo.out" >&2; exit 1; }
  sleep 0.5
done
address=$(sed -n 's/^  Temporal UI *//p' "$work/demo.out")
node "$work/take.mjs" "$address" "$out" "${CHROMIUM:-$(command -v chromium)}"
