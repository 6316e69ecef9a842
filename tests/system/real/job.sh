# SPDX-License-Identifier: Apache-2.0
# Pipes, subshells, background jobs, here-documents, arrays, traps.
set -u
own=$(mktemp -d) || exit 1 # outside, too, somebody else may run this
count() { tr -s ' ' '\n' | sort | uniq -c | sort -k1,1nr -k2; }

echo "== pipes"
cat text other | grep -v the | count | head -n 5
seq 1 2000 | awk '{s += $1} END {print s}'
grep -c gate text | { read -r n; echo "lines $n"; }
sort numbers | tail -n 3 | tac
false | true; echo "status ${PIPESTATUS[*]}"
yes | head -n 3

echo "== subshells"
x=outer; (x=inner; echo "$x"; cd /; pwd); echo "$x $(basename "$PWD" | wc -c)"
echo "$(echo "$(echo nested)") $((6 * 7)) $(< /dev/null)"
y=$(for i in 1 2 3; do echo "$i"; done | paste -s -d +); echo "$y = $((y))"
(exit 3); echo "status $?"
bash -c 'exit 5'; echo "status $?"
bash -c 'kill -TERM $$' 2> /dev/null; echo "status $?"

echo "== jobs"
for i in 3 1 2; do (sleep 0.0$i; echo "job $i" > "$own/job$i") & done
wait; cat "$own"/job[123]
(exit 9) & pid=$!; wait $pid; echo "status $?"
sleep 100 & kill -KILL $!; wait $! 2> /dev/null; echo "status $?"

echo "== files"
mkdir -p "$own/tree/a/b" && cd "$own/tree" || exit 1
for n in 1 2 3; do echo "$n" > "a/b/$n"; done
cp -r a c && rm a/b/2 && mv c/b/3 c/moved && ln -s c/moved link && ln c/b/1 hard
find . -type f | sort; cat link; readlink link; stat -c '%h %s' hard
tar cf - . | tar tf - | sort | head -n 4
diff -r a/b c/b; echo "status $?"
test -e a/b/2 || echo "removed"; cd - > /dev/null || exit 1

echo "== text"
cat <<END | sed 's/^/> /'
here $x
END
cat <<< "a word"
while IFS=, read -r a b; do echo "$b $a"; done < <(printf 'x,1\ny,2\n')
declare -A map=([box]=1 [gate]=2); for k in "${!map[@]}"; do echo "$k ${map[$k]}"; done | sort
list=(one two three); echo "${#list[@]} ${list[*]:1} ${list[-1]^^} ${list[0]/o/0}"
case sealed in s*d) echo matched ;; esac
printf '%5.2f|%-5s|%05d\n' 3.14159 ab 42
[[ "box 42" =~ ([a-z]+)\ ([0-9]+) ]] && echo "${BASH_REMATCH[2]}"

echo "== ends"
find . -name '*.sql' -print0 | xargs -0 -n 1 basename
exec 3> "$own/three"; echo to-three >&3; exec 3>&-; cat "$own/three"
mkfifo "$own/fifo"; (echo through > "$own/fifo") & cat "$own/fifo"; wait
trap 'echo trapped' USR1; kill -USR1 $$; trap 'rm -r "$own"; echo the end' EXIT
timeout 0.1 sleep 10; echo "status $?"
exit 4
