# SPDX-License-Identifier: Apache-2.0
# A server and its clients in one box: by a socket in a folder and by loopback.
set -u
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
redis-server --port "$1" --bind 127.0.0.1 --unixsocket "$folder/socket" --dir "$folder" \
	--save '' --appendonly no --logfile "$folder/log" --io-threads "${2:-1}" &
for _ in $(seq 200); do
	[ "$(redis-cli -s "$folder/socket" ping 2> /dev/null)" = PONG ] && break
	sleep 0.05
done
by_folder() { redis-cli -s "$folder/socket" "$@"; }
by_port() { redis-cli -p "$port" "$@"; }
port=$1

by_folder set key value
by_port get key
by_port incr counter
by_folder rpush list one two three
by_port lrange list 0 -1
by_port hset map a 1 b 2
by_folder hgetall map | sort
by_folder eval 'local s = 0; for i = 1, 1000 do s = s + i end; return s' 0
seq 1 2000 | sed 's/.*/set k& v&/' | by_folder --pipe | tail -n 1
by_port dbsize
by_port --raw setrange long 200000 end | cat
by_port --raw get long | wc -c
(by_port --csv subscribe news | head -n 2) &
sleep 0.3
by_folder publish news hello
wait $!
for way in "-s $folder/socket" "-p $port"; do
	# shellcheck disable=SC2086
	redis-benchmark $way -q --csv -n 2000 -c 10 -P 4 -t set,get,lpush | tail -n 3 | cut -d , -f 1
done
by_folder bgsave > /dev/null
for _ in $(seq 100); do
	by_folder info persistence | grep -q 'rdb_bgsave_in_progress:0' && break
	sleep 0.05
done
by_folder info persistence | grep rdb_last_bgsave_status
test -s "$folder/dump.rdb" && echo saved
by_folder shutdown nosave
wait
echo "status $?"
