#!/usr/bin/env bash
# Runs the README's two commands where nothing is installed that the README does not ask for.
#
#   bash tests/clean_room.sh [--keep] [--root DIR]
#
# The room is a minimal Debian made by debootstrap from the mirror that apt uses here; the commands are
# the first two ```bash blocks of the committed README.md, run in a fresh clone of HEAD and in an empty
# environment. Needs root on Debian. --keep leaves the room for a look, --root says where to build it.
set -euo pipefail

readonly packages=g++,git,ca-certificates,python3-venv,python3-dev

# In a mount namespace of its own: whatever is mounted in the room is gone when this ends, however it ends.
if [[ ${1:-} != --own-mounts ]]; then
    exec unshare --mount --propagation private bash "${BASH_SOURCE[0]}" --own-mounts "$@"
fi
shift

keep=false

main() {
    local root=
    while (($#)); do
        case $1 in
            --keep) keep=true ;;
            --root) root=${2:?--root needs a directory} && shift ;;
            *) fail "unknown option '$1'; the options are: --keep, --root DIR" ;;
        esac
        shift
    done

    local repository
    repository=$(git -C "$(dirname "${BASH_SOURCE[0]}")" rev-parse --show-toplevel)
    [[ -z $(git -C "$repository" status --porcelain) ]] ||
        say "the room gets the commit only, not the changes beside it"
    install_debootstrap
    make_root "$root"

    timed "debootstrap" build_room
    carry_over_settings
    git clone --quiet --no-hardlinks "$repository" "$room/project"
    for number in 1 2; do
        local command
        command=$(readme_command "$number")
        say "command $number of the README: $command"
        timed "command $number" in_room "$command"
    done
    say "both commands of the README passed"
}

install_debootstrap() {
    command -v debootstrap >/dev/null && return
    apt-get update -qq
    apt-get install -y -qq debootstrap >/dev/null
}

# Only a directory that was made or found empty here is ever removed.
make_root() {
    room=${1:-$(mktemp -d --tmpdir stagefunnel-room.XXXXXX)}
    mkdir -p "$room"
    [[ -z $(ls -A "$room") ]] || fail "$room is not empty"
    room=$(realpath "$room")
    chmod 755 "$room"
    trap remove_room EXIT
}

remove_room() {
    local status=$?
    local mounted
    for mounted in "$room/dev/pts" "$room/proc"; do
        ! mountpoint --quiet "$mounted" || umount "$mounted"
    done
    if [[ $keep == true ]]; then
        say "the room is kept in $room"
    else
        rm -rf --one-file-system "$room"
    fi
    exit "$status"
}

build_room() {
    local mirror suite
    read -r mirror suite < <(apt-get indextargets --format "\$(REPO_URI) \$(RELEASE) \$(COMPONENT)" \
        'Created-By: Packages' | awk '$3 == "main" && $2 !~ /-/ { print $1, $2; exit }') ||
        fail "apt lists no Debian suite with a component 'main'"
    debootstrap --variant=minbase --include="$packages" "$suite" "$room" "$mirror" >"$room.log" 2>&1 || {
        tail -n 20 "$room.log" >&2
        fail "debootstrap stopped; its whole output is in $room.log"
    }
    rm "$room.log"
    mountpoint --quiet "$room/proc" || mount -t proc proc "$room/proc"
    # The command's tests look at what a terminal shows.
    mkdir -p "$room/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666 devpts "$room/dev/pts"
}

# How this machine reaches the net is no part of the README: pip's settings, certificates, proxies.
carry_over_settings() {
    local path
    local certificates=(/etc/ssl/certs/ca-certificates.crt "${PIP_CERT:-}" "${SSL_CERT_FILE:-}")
    for path in /etc/pip.conf /etc/xdg/pip /etc/resolv.conf "${certificates[@]}"; do
        [[ -e $path ]] || continue
        mkdir -p "$room$(dirname "$path")"
        cp -rL --remove-destination "$path" "$room$(dirname "$path")"
    done
    # Every machine knows itself by this name; debootstrap leaves it out, and chromedriver is reached by it.
    [[ -e $room/etc/hosts ]] || printf '127.0.0.1 localhost\n' >"$room/etc/hosts"
    # Not PIP_FIND_LINKS: a folder of wheels stays outside, and would hide what the index lacks.
    mapfile -t settings < <(env | grep -iE '^(pip_[a-z_]+|ssl_cert_(file|dir)|[a-z]+_proxy)=' |
        grep -v '^PIP_FIND_LINKS=')
}

# Blocks of other languages do not count, so that a table or an output may stand between the two.
readme_command() {
    local command
    command=$(awk -v wanted="$1" '
        /^```/ { inside = ($0 == "```bash"); count += inside; next }
        inside && count == wanted' "$room/project/README.md")
    [[ -n $command ]] || fail "README.md has no bash block number $1"
    printf '%s\n' "$command"
}

in_room() {
    env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root "${settings[@]}" \
        chroot "$room" bash -ec "cd /project; $1" </dev/null
}

timed() {
    local start=$SECONDS
    "${@:2}"
    say "$1: $((SECONDS - start)) s"
}

say() { printf '== %s\n' "$*" >&2; }

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

main "$@"
