#!/usr/bin/env bash
# fresh_root.sh - proves the two commands of README.md on a fresh machine: makes a minimal Debian 12 root with git and
# make in it, clones what is committed here into it, and runs `make test` and `make run` (or the commands given) there.
# Run by hand, as root, with debootstrap installed; not in CI.
#
# The new root uses this machine's mirror and carries its apt settings for downloading (proxy, Acquire::*), because a mirror
# can be older than its own expiry date. Passwords (auth.conf) are not carried.
#
# Usage: fresh_root.sh [--keep] [--root FOLDER] [command...]      default: 'make test' 'make run'
set -eu
source_dir=$(cd "$(dirname "$0")/.." && pwd)
suite=bookworm
keep=
folder=
while [ $# -gt 0 ]; do
    case $1 in
    --keep) keep=1 ;;
    --root) folder=$2; shift ;;
    --help) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 0 ;;
    *) break ;;
    esac
    shift
done
[ $# -gt 0 ] || set -- 'make test' 'make run'

fail() { echo "fresh_root.sh: $*" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || fail "needs root"
command -v debootstrap >/dev/null || fail "needs debootstrap (apt-get install debootstrap)"
command -v unshare >/dev/null || fail "needs unshare (package util-linux)"
[ -z "$(git -C "$source_dir" status --porcelain)" ] || echo "fresh_root.sh: what is not committed is not tested" >&2

[ -n "$folder" ] || folder=$(mktemp -d "${TMPDIR:-/var/tmp}/fresh_root.XXXXXX")
mkdir -p "$folder"
[ -n "$keep" ] || trap 'rm -rf --one-file-system "$folder"' EXIT

# The mirror: the first entry for Debian's main archive.
# shellcheck source=scripts/setup.sh
. "$source_dir/scripts/setup.sh"
set -eu
entries=$(mktemp -d)
debian_entries "$entries"
entry=$(find "$entries" -type f | sort | head -n 1)
[ -n "$entry" ] || fail "apt here has no entry for Debian's main archive"
mirror=$(grep -oE '(https?|file|copy):[^ ]*' "$entry" | head -n 1)
proxy=$(apt-config dump | sed -n 's/^Acquire::http::Proxy "\(.*\)";/\1/p')
echo "fresh_root.sh: Debian $suite from $mirror in $folder"

if [ ! -e "$folder/etc/debian_version" ]; then
    ${proxy:+env http_proxy="$proxy"} debootstrap --variant=minbase --include=git,make,ca-certificates \
        "$suite" "$folder" "$mirror" >"$folder.log" 2>&1 || { tail -n 20 "$folder.log" >&2; fail "debootstrap failed"; }
    rm -f "$folder.log"
fi
apt-config dump | grep '^Acquire' >"$folder/etc/apt/apt.conf.d/99carried"
# Exactly what a fresh installation has: the main archive. A private key the entry names comes along.
rm -f "$folder/etc/apt/sources.list"
sed "s/@SUITE@/$suite/" "$entry" >"$folder/etc/apt/sources.list.d/debian.${entry##*.}"
for key in $(grep -oE '/[^] ]*\.(gpg|asc|pgp)' "$entry"); do
    mkdir -p "$folder$(dirname "$key")"
    [ -e "$folder$key" ] || cp "$key" "$folder$key"
done
rm -rf "$entries"
cp -L /etc/resolv.conf /etc/hosts "$folder/etc/"
rm -rf "$folder/weft"
git clone -q --no-hardlinks "$source_dir" "$folder/weft"

cat >"$folder/fresh_root_run" <<'END'
set -eu
cd /weft
for command in "$@"; do
    echo "== fresh root: $command"
    start=$SECONDS
    eval "$command"
    echo "== fresh root: $command: passed in $((SECONDS - start)) s"
done
END
# A mount namespace of its own: the mounts go when the last process does. A pid namespace, for a /proc that fits.
unshare --mount --pid --fork bash -eu -c '
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    mount --make-rslave "$1/dev"
    mount -t tmpfs tmpfs "$1/tmp"
    mount --rbind /sys "$1/sys"
    mount --make-rslave "$1/sys"
    root=$1
    shift
    exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb bash /fresh_root_run "$@"
' _ "$folder" "$@"
