#!/usr/bin/env bash
# Builds the image for CPU where no Docker engine runs, and tries it: the doctor and a notebook in a container.
# usage: docker/without-engine.sh [NOTEBOOK]     (default notebooks/02_data.ipynb)
#
# It needs root on Debian 12 with its packages buildah, crun and debootstrap, and Go of the version in go.mod. The base is
# Debian with this Go, in place of the image of Go that docker/Dockerfile names, which has the same.
# If this machine has certificates of its own, the containers see them.
set -euo pipefail
cd "$(dirname "$0")/.."
notebook=${1:-notebooks/02_data.ipynb}
export BUILDAH_ISOLATION=chroot STORAGE_DRIVER="${STORAGE_DRIVER:-overlay}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seen=(-v /etc/ssl/certs:/etc/ssl/certs:ro -v /usr/local/share/ca-certificates:/usr/local/share/ca-certificates:ro)
[ ! -e /etc/pip.conf ] || seen+=(-v /etc/pip.conf:/etc/pip.conf:ro)

if ! buildah images lag-base >/dev/null 2>&1; then
	debootstrap --variant=minbase --include=ca-certificates bookworm "$work/root"
	mkdir -p "$work/root/go/bin"
	cp -a "$(go env GOROOT)" "$work/root/usr/local/go"
	chmod -R 1777 "$work/root/go"
	base=$(buildah from scratch)
	buildah copy -q "$base" "$work/root" /
	buildah config --env PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		--env GOPATH=/go --env GOTOOLCHAIN=local --workingdir /go "$base"
	buildah commit -q --rm "$base" lag-base
	rm -rf "$work/root"
fi

buildah build --format docker --from lag-base --pull-never --layers "${seen[@]}" -f docker/Dockerfile --target cpu -t lag:cpu .

container=$(buildah from --pull-never lag:cpu)
trap 'rm -rf "$work"; buildah rm "$container" >/dev/null' EXIT
buildah run "${seen[@]}" "$container" -- lag version
buildah run "${seen[@]}" "$container" -- .lag/bin/kernels doctor
buildah run "${seen[@]}" "$container" -- .lag/bin/kernels run "$notebook"
