# lag-bert-base-100-more-with-a-name-that-is-l-print-last
export LAG_JOB=lag-bert-base-100-more-with-a-name-that-is-l-print-last LAG_INDEX=0 LAG_CORES=4
cd '/data/100%/it'\''s $HOME' || exit
logs='/data/100%/it'\''s $HOME/runs/cluster/logs'
worker= ended=
trap 'ended=yes; [ -z "$worker" ] || kill -TERM "$worker"' TERM
trap '' HUP
run() {
	local pause=0.05
	[ -z "$ended" ] || return 75
	"$@" &
	worker=$!
	while kill -0 "$worker" 2>/dev/null; do
		sleep "$pause"
		pause=0.5
	done
	wait "$worker"
}

# works NAME: a worker of that submission has not ended.
works() {
	local record
	for record in "$logs/$1"_*.pid; do
		[ -e "$record" ] && [ ! -e "${record%.pid}.exit" ] && kill -0 "$(sed 's/.*"pid":\([0-9]*\).*/\1/' "$record")" 2>/dev/null && return
	done
	return 1
}
while [ -z "$ended" ] && { works lag-bert-base-100-more-with-a-name-that-is-l-print; }; do
	sleep 0.5
done
[ -n "$ended" ] || : >"$logs/lag-bert-base-100-more-with-a-name-that-is-l-print-last.turn"

run '/opt/my tools/lag' stack -config '/data/100%/it'\''s $HOME/runs/cluster/configuration.json' -out '/data/100%/it'\''s $HOME/runs' -data '/data/100%/it'\''s $HOME/.lag-data' -backend xla:cpu -peak-flops 1e+12 && run '/opt/my tools/lag' report '/data/100%/it'\''s $HOME/runs'
echo $? >"$logs/lag-bert-base-100-more-with-a-name-that-is-l-print-last.exit"
