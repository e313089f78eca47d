#!/bin/bash
#SBATCH --job-name=lag-quick-print
#SBATCH --array=0-2
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120
#SBATCH --chdir=/home/ada/growing
#SBATCH --output=/home/ada/growing/runs/quick/cluster/logs/%A_%a.log

# One of the workers of quick: it takes the runs that no other holds, and ends when none is left.
set -u
id="${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
dir=/home/ada/growing/runs/quick
tries=/home/ada/growing/runs/quick/cluster/logs/$id.tries

# trained is the size of the logs of all runs: it grows as long as anybody trains.
trained() {
	find "$dir" -mindepth 2 -maxdepth 2 -name metrics.jsonl -printf '%s\n' 2>/dev/null | awk '{ s += $1 } END { print s + 0 }'
}
[ -s "$tries" ] || echo "0 $(trained)" >"$tries"
echo "$(date '+%F %T') $id on $(hostname), start $((${SLURM_RESTART_COUNT:-0} + 1))"

# Before the time limit Slurm sends USR1 to this shell alone, which tells the worker to save. When Slurm ends the job it
# sends TERM to all processes, so the worker has it already, and a second one would stop it at once. Then it is Slurm that
# decides whether the job is queued again.
worker= warned= ended=
trap 'warned=yes; [ -z "$worker" ] || kill -TERM "$worker"' USR1
trap 'ended=yes' TERM
run() {
	local pause=0.05
	[ -z "$warned" ] || return 75
	"$@" &
	worker=$!
	# A wait that a signal ends may lose the exit code of a worker that ends at that moment.
	while kill -0 "$worker" 2>/dev/null; do
		sleep "$pause"
		pause=0.5
	done
	wait "$worker"
}

run /home/ada/go/bin/lag study -config /home/ada/growing/runs/quick/cluster/configuration.json -out /home/ada/growing/runs/quick -data /home/ada/growing/runs/.lag-data -backend xla:cpu -join
code=$?

# 75: interrupted, and saved. Once more, but not for ever if nothing is trained between the interruptions.
if [ "$code" = 75 ] && [ -z "$ended" ]; then
	read -r fruitless most <"$tries"
	now=$(trained)
	if [ "$now" -gt "$most" ]; then
		fruitless=0 most=$now
	else
		fruitless=$((fruitless + 1))
	fi
	echo "$fruitless $most" >"$tries"
	if [ "$fruitless" -gt 3 ]; then
		echo "$id: interrupted $fruitless times while nobody trained a step, so it is not queued again; give it more time"
	elif scontrol requeue "$id"; then # SLURM_JOB_ID of one of the members is the number of the whole array
		echo "$id: queued again"
		[ -n "$ended" ] || { sleep 60 & wait; } # until Slurm ends this script
	fi
fi
exit "$code"

# ---- and, when these have ended:

#!/bin/bash
#SBATCH --job-name=lag-quick-print
#SBATCH --dependency=afterany:WORKERS
#SBATCH --nodes=1
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@120
#SBATCH --chdir=/home/ada/growing
#SBATCH --output=/home/ada/growing/runs/quick/cluster/logs/%j.log

# After the workers of quick: what they could not do, the analysis and the report.
set -u
id="$SLURM_JOB_ID"
dir=/home/ada/growing/runs/quick
tries=/home/ada/growing/runs/quick/cluster/logs/$id.tries

# trained is the size of the logs of all runs: it grows as long as anybody trains.
trained() {
	find "$dir" -mindepth 2 -maxdepth 2 -name metrics.jsonl -printf '%s\n' 2>/dev/null | awk '{ s += $1 } END { print s + 0 }'
}
[ -s "$tries" ] || echo "0 $(trained)" >"$tries"
echo "$(date '+%F %T') $id on $(hostname), start $((${SLURM_RESTART_COUNT:-0} + 1))"

# Before the time limit Slurm sends USR1 to this shell alone, which tells the worker to save. When Slurm ends the job it
# sends TERM to all processes, so the worker has it already, and a second one would stop it at once. Then it is Slurm that
# decides whether the job is queued again.
worker= warned= ended=
trap 'warned=yes; [ -z "$worker" ] || kill -TERM "$worker"' USR1
trap 'ended=yes' TERM
run() {
	local pause=0.05
	[ -z "$warned" ] || return 75
	"$@" &
	worker=$!
	# A wait that a signal ends may lose the exit code of a worker that ends at that moment.
	while kill -0 "$worker" 2>/dev/null; do
		sleep "$pause"
		pause=0.5
	done
	wait "$worker"
}

run /home/ada/go/bin/lag study -config /home/ada/growing/runs/quick/cluster/configuration.json -out /home/ada/growing/runs/quick -data /home/ada/growing/runs/.lag-data -backend xla:cpu && run /home/ada/go/bin/lag report /home/ada/growing/runs/quick
code=$?

# 75: interrupted, and saved. Once more, but not for ever if nothing is trained between the interruptions.
if [ "$code" = 75 ] && [ -z "$ended" ]; then
	read -r fruitless most <"$tries"
	now=$(trained)
	if [ "$now" -gt "$most" ]; then
		fruitless=0 most=$now
	else
		fruitless=$((fruitless + 1))
	fi
	echo "$fruitless $most" >"$tries"
	if [ "$fruitless" -gt 3 ]; then
		echo "$id: interrupted $fruitless times while nobody trained a step, so it is not queued again; give it more time"
	elif scontrol requeue "$id"; then # SLURM_JOB_ID of one of the members is the number of the whole array
		echo "$id: queued again"
		[ -n "$ended" ] || { sleep 60 & wait; } # until Slurm ends this script
	fi
fi
exit "$code"
