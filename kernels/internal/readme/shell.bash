# The shell in which a document runs. It reads the names of files with commands from
# descriptor 3, runs each in itself, and writes to descriptor 4 how it ended.
set -o pipefail
trap : INT # a command is interrupted, not the shell
trap '__failed=$?' ERR

# __small[i] is added to the commands that begin with __begin[i].
__begin=() __small=()
__extra() {
	local text="$* " i
	__flags=()
	for i in "${!__begin[@]}"; do
		if [[ $text == "${__begin[i]} "* ]]; then
			eval "__flags=(${__small[i]})"
			echo "+ $* ${__small[i]}" >&2
			echo "$i" >>"$__used"
			return
		fi
	done
}
lag() {
	__extra lag "$@"
	command lag "$@" "${__flags[@]}"
}
go() {
	if [[ "$1 $2" == "run ./lag/cmd/lag" ]]; then
		__extra lag "${@:3}"
	else
		__extra go "$@"
	fi
	command go "$@" "${__flags[@]}"
}

while IFS= read -r __file <&3; do
	__failed=0
	. "$__file" </dev/null >"$__file.out" 2>&1 3<&- 4>&-
	echo "$__failed" >&4
done
