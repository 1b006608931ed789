#!/bin/sh
# Makes the dumps of this folder again, with the PostgreSQL programs of the folder given (or /usr/lib/postgresql/15/bin).
# Not for root: a server refuses to run as root.
set -eu
bin=${1:-/usr/lib/postgresql/15/bin}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap '"$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null; rm -rf "$work"' EXIT
"$bin/initdb" -D "$work/data" -U postgres -A trust --no-locale -E UTF8 -N >/dev/null
"$bin/pg_ctl" -D "$work/data" -o "-k $work -c listen_addresses='' -c fsync=off" -l "$work/log" -w start >/dev/null
for name in shop partial hostile; do
  "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work" -U postgres -d postgres -f "$here/$name.sql" >/dev/null
  "$bin/pg_dump" -Fc -h "$work" -U postgres -d "$name" -f "${2:-$here}/$name.dump"
done
"$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work" -U postgres -d postgres -f "$here/library.sql" >/dev/null
part() {
  name=$1
  shift
  "$bin/pg_dump" -Fc -h "$work" -U postgres -d library -f "${out:-$here}/library-$name.dump" "$@"
}
out=${2:-}
part book -t book
part deal -t sales.deal
part offer -t sales.offer
part rows -a
part section --section=data
part definitions -s
part no-reviews --exclude-table-data=review
part no-authors --exclude-table-data=author
part no-2025 --exclude-table-data=visit_2025
rm -f /tmp/rowgraft-hostile-program /tmp/rowgraft-hostile-file
