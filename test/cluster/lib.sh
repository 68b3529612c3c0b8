# Shared by build, up, down and load-image. Sourced, never run.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/taz-cluster

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

# Seconds with one decimal since the script started.
started=$EPOCHREALTIME
elapsed() { awk -v a="$started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# What the binaries are made from: a change to any source file gives another key.
source_key() {
	(cd "$here/src" && find . -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c1-12)
}

# need COMMAND=PACKAGE ...: installs the Debian packages whose command is missing.
need() {
	local pair packages=()
	for pair; do
		command -v "${pair%%=*}" >/dev/null || packages+=("${pair#*=}")
	done
	((${#packages[@]})) || return 0
	[[ $(id -u) == 0 ]] || die "missing Debian packages: ${packages[*]}"
	say "installing: ${packages[*]}"
	if [[ -z ${TAZ_APT_UPDATED:-} ]]; then
		apt-get -qq update >&2 </dev/null
		export TAZ_APT_UPDATED=1
	fi
	DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${packages[@]}" >/dev/null </dev/null
}

# A process is known by its id and its start time, so that an id used again by
# another program is never taken for ours.
start_time() { sed -n 's/.*) //p' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

record() { printf '%s %s\n' "$2" "$(start_time "$2")" >"$dir/pids/$1"; }

# alive NAME: prints the process id if it still runs.
alive() {
	local id time
	[[ -f $dir/pids/$1 ]] && read -r id time <"$dir/pids/$1" || return 1
	[[ -n $time && $(start_time "$id") == "$time" ]] || return 1
	[[ $(sed -n 's/.*) //p' "/proc/$id/stat" 2>/dev/null) != Z* ]] || return 1
	printf '%s\n' "$id"
}

# The cluster's folder: made absolute, because the daemons' own paths depend on it.
cluster_folder() {
	dir=${dir:-$cache/run/default}
	dir=$(realpath -m "$dir")
	[[ $dir != / && $dir != "$HOME" ]] || die "not a folder for a cluster: $dir"
}
