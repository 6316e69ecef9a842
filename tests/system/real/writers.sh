# SPDX-License-Identifier: Apache-2.0
# Four processes write one database; the argument names its journal.
sqlite3 shared.db "pragma journal_mode=$1; create table t(w, n)"
for w in 1 2 3 4; do
	(
		i=0
		while [ $i -lt 15 ]; do
			sqlite3 -cmd '.timeout 20000' shared.db "begin immediate;
				insert into t select $w, coalesce(max(n), 0) + 1 from t; commit;" || echo failed
			i=$((i + 1))
		done
	) &
done
wait
sqlite3 shared.db 'select count(*), max(n), count(distinct n) from t; pragma integrity_check'
