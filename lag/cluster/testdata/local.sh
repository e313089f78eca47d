# lag-quick-print_0
export LAG_JOB=lag-quick-print_0 LAG_INDEX=0 LAG_CORES=1
cd /home/ada/growing || exit
logs=/home/ada/growing/runs/quick/cluster/logs
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

run /home/ada/go/bin/lag study -config /home/ada/growing/runs/quick/cluster/configuration.json -out /home/ada/growing/runs/quick -data /home/ada/growing/runs/.lag-data -backend xla:cpu -join
echo $? >"$logs/lag-quick-print_0.exit"

# ---- so does each of 2 workers, with its own number; when they have ended:

# lag-quick-print-last
export LAG_JOB=lag-quick-print-last LAG_INDEX=0 LAG_CORES=1
cd /home/ada/growing || exit
logs=/home/ada/growing/runs/quick/cluster/logs
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
while [ -z "$ended" ] && { works lag-quick-print; }; do
	sleep 0.5
done
[ -n "$ended" ] || : >"$logs/lag-quick-print-last.turn"

run /home/ada/go/bin/lag study -config /home/ada/growing/runs/quick/cluster/configuration.json -out /home/ada/growing/runs/quick -data /home/ada/growing/runs/.lag-data -backend xla:cpu && run /home/ada/go/bin/lag report /home/ada/growing/runs/quick
echo $? >"$logs/lag-quick-print-last.exit"
