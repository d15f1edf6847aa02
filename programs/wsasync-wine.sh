# shellcheck shell=sh
# Part of wsasync: Wine, its prefix, its registry, and the notes that are kept in the prefix. Knows no command.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2015,SC2034,SC2154

tab=$(printf '\t')
quoted() { printf '%s\n' "$1" | sed "s/'/'\\\\''/g; s/^/'/; s/\$/'/"; }     # for a shell
lower() { printf '%s\n' "$1" | LC_ALL=C tr '[:upper:]' '[:lower:]'; }

# Sets wine and wineserver. The latter is not in the PATH on every system.
find_wine()
{
    wine=$(command -v "${WINE:-wine}") || fail 108 "there is no ${WINE:-wine} command here: install Wine, 5.0 or later"
    case $wine in /*) ;; *) wine=$PWD/$wine ;; esac     # a relative $WINE
    wineserver=${WINESERVER:-wineserver}
    ! command -v "$wineserver" >/dev/null || return 0
    for wineserver in "${wine%/*}/wineserver" "$(dirname "$(readlink -f "$wine")")/wineserver" \
        /usr/lib/wine/wineserver64 /usr/lib/wine/wineserver32 /usr/lib/wine/wineserver /usr/lib/*/wine/wineserver; do
        ! command -v "$wineserver" >/dev/null || return 0
    done
    fail 108 "Wine is here, but no wineserver command: name it in WINESERVER"
}

# Wine finds names of files that are not ASCII only in a locale that has them.
need_utf8()
{
    case ${LC_ALL:-${LC_CTYPE:-${LANG-}}} in
        *[Uu][Tt][Ff]8 | *[Uu][Tt][Ff]-8) ;;
        *) LC_ALL=C.UTF-8; export LC_ALL ;;
    esac
}

# windows ARGUMENT...: a Windows program of ours; what it says comes to $tmp/out
windows()
{
    (
        need_utf8
        umask "$user_umask"
        WINEDEBUG=-all
        export WINEDEBUG
        limit=
        ! command -v timeout >/dev/null || limit='timeout 120'
        # shellcheck disable=SC2086
        $limit "$wine" "$@" </dev/null >"$tmp/raw" 2>"$tmp/log" 9<&-
    )
    windows_status=$?
    tr -d '\r' <"$tmp/raw" >"$tmp/out"
    return $windows_status
}

# --- the prefix ---

is_prefix() { [ -d "$1/drive_c/windows/system32" ] && [ -f "$1/system.reg" ]; }

# choose_prefix [FOLDER]: sets WINEPREFIX, windows_dir, and arch (win64 or win32). FOLDER: where the program lies.
choose_prefix()
{
    if [ -n "$prefix" ]; then
        split_path "$prefix"
        prefix=$dir${name:+/$name}
    elif [ -n "${WINEPREFIX-}" ]; then
        prefix=$WINEPREFIX
    else
        prefix=${1-}
        while [ -n "$prefix" ] && ! is_prefix "$prefix"; do prefix=${prefix%/*}; done
        : "${prefix:=${HOME-}/.wine}"
    fi
    is_prefix "$prefix" || fail 104 "$prefix: not a Wine prefix; to make one: WINEPREFIX=$(quoted "$prefix") wineboot"
    WINEPREFIX=$(cd "$prefix" && pwd -P) || fail 106 "$prefix: cannot be entered"
    need_one_line "$WINEPREFIX"
    export WINEPREFIX
    windows_dir=$WINEPREFIX/drive_c/windows
    state=$WINEPREFIX/wsasync.state
    arch=win64
    [ "$(sed -n '/^#arch=/{s///p;q;}' "$WINEPREFIX/system.reg")" != win32 ] || arch=win32
}

# Wine also refuses a prefix that belongs to somebody else, root's own not excepted.
need_own_prefix()
{
    # shellcheck disable=SC3067
    [ -O "$WINEPREFIX" ] || fail 106 "$WINEPREFIX: the prefix belongs to another user, Wine will not use it"
}

need_prefix_rights()
{
    need_own_prefix
    [ -w "$WINEPREFIX" ] || fail 106 "$WINEPREFIX: may not be written"
}

# One at a time in a prefix. The lock ends with this process, however that ends.
lock_prefix()
{
    ! command -v flock >/dev/null || { exec 9<"$WINEPREFIX" && flock 9; }
    [ "$dry" = yes ] || [ ! -e "$state.new" ] || rm -f "$state.new"     # of one that was interrupted
}

# 0 is no signal: this only asks whether there is somebody to send it to.
wineserver_runs() { "$wineserver" -k0 >/dev/null 2>&1 9<&-; }

# A server stays some seconds after its last program; that is waited for.
need_no_wineserver()
{
    wineserver_runs || return 0
    timeout 10 "$wineserver" -w >/dev/null 2>&1 9<&- || :
    ! wineserver_runs ||
        fail 105 "Windows programs run in $WINEPREFIX: end them first (all of them at once:" \
            "WINEPREFIX=$(quoted "$WINEPREFIX") wineserver -k)"
}

# --- the registry: HKEY_CURRENT_USER only ---

app_key() { printf 'Software\\Wine\\AppDefaults\\%s%s\n' "$1" "${2-}"; }
prefix_key='Software\Wine\DllOverrides'

# The text of user.reg, one line "KEY", or "KEY<tab>NAME<tab>VALUE", with its escapes resolved to UTF-8.
decoded_registry()
{
    LC_ALL=C awk '
        function number(hex,    i, v) {
            for (i = 1; i <= length(hex); i++) v = v * 16 + index("0123456789abcdef", tolower(substr(hex, i, 1))) - 1
            return v
        }
        function utf8(c) {
            if (c < 128) return sprintf("%c", c)
            if (c < 2048) return sprintf("%c%c", 192 + int(c / 64), 128 + c % 64)
            if (c < 65536) return sprintf("%c%c%c", 224 + int(c / 4096), 128 + int(c / 64) % 64, 128 + c % 64)
            return sprintf("%c%c%c%c", 240 + int(c / 262144), 128 + int(c / 4096) % 64, 128 + int(c / 64) % 64, 128 + c % 64)
        }
        # takes from s what stands before an unescaped end; what is behind it stays in rest
        function take(s, end,    out, c, high) {
            while (s != "" && (c = substr(s, 1, 1)) != end) {
                s = substr(s, 2)
                if (c != "\\") { out = out c; continue }
                c = substr(s, 1, 1)
                s = substr(s, 2)
                if (c != "x" || !match(s, /^[0-9a-fA-F][0-9a-fA-F]?[0-9a-fA-F]?[0-9a-fA-F]?/)) { out = out c; continue }
                c = number(substr(s, 1, RLENGTH))
                s = substr(s, RLENGTH + 1)
                if (c >= 55296 && c < 56320) { high = c; continue }
                if (high) { c = 65536 + (high - 55296) * 1024 + c - 56320; high = 0 }
                out = out utf8(c)
            }
            rest = substr(s, 2)
            return out
        }
        /^\[/ { key = take(substr($0, 2), "]"); print key; next }
        /^"/ {
            value = take(substr($0, 2), "\"")
            if (rest ~ /^="/) print key "\t" value "\t" take(substr(rest, 3), "\"")
            else print key "\t" value "\t"
        }' "$WINEPREFIX/user.reg" 2>/dev/null
}

# read_key KEY: sets key_there (yes or no), key_alone (yes: nothing in it but ws2_32), and value and star, the overrides of
# ws2_32 and *ws2_32 in it: empty if there is none, else = and its text. The file is right while no server runs.
read_key()
{
    if wineserver_runs; then
        # The key itself is listed, before its values, only if it has some; the other keys are those in it.
        if windows reg query "HKCU\\$1"; then
            awk 'BEGIN { print "K" }
                /^HKEY_/ { if (open) print "K\\below"; open = 1; next }
                /^    / && split($0, part, /    /) >= 3 { open = 0; print "K\t" part[2] "\t" part[4] }
                END { if (open) print "K\\below" }' "$tmp/out"
        elif [ "$windows_status" != 1 ]; then
            fail 110 "Wine could not read the registry of $WINEPREFIX (status $windows_status)"
        fi
    else
        decoded_registry | key="$1" LC_ALL=C awk 'BEGIN { want = tolower(ENVIRON["key"]); n = length(want) }
            tolower(substr($0, 1, n)) == want && substr($0, n + 1, 1) ~ /^[\\\t]?$/ { print "K" substr($0, n + 1) }'
    fi >"$tmp/key"
    key_there=no key_alone=yes value='' star=''
    [ ! -s "$tmp/key" ] || key_there=yes
    while IFS=$tab read -r read_at read_name read_value; do
        case $read_at:$read_name in
            K:) ;;
            K:[Ww][Ss]2_32) value="=$read_value" ;;
            K:\*[Ww][Ss]2_32) star="=$read_value" key_alone=no ;;
            *) key_alone=no ;;
        esac
    done <"$tmp/key"
}

# Lines for registry_apply.
registry_set()
{
    printf '[HKEY_CURRENT_USER\\%s]\n' "$1"
    printf '%s\n' "$2" | sed 's/[\\"]/\\&/g; s/.*/"ws2_32"="&"/'
}
registry_unset() { printf '[HKEY_CURRENT_USER\\%s]\n"ws2_32"=-\n' "$1"; }
registry_drop() { printf '[-HKEY_CURRENT_USER\\%s]\n' "$1"; }

# Makes the changes in $tmp/change: one start of Wine for all of them, and any name goes through.
registry_apply()
{
    {
        printf '\377\376'
        { echo 'Windows Registry Editor Version 5.00'; echo; cat "$tmp/change"; } | sed 's/$/\r/' | iconv -f UTF-8 -t UTF-16LE
    } >"$tmp/change.reg"
    (cd "$tmp" && windows reg import change.reg) && return
    note "Wine could not change the registry of $WINEPREFIX:"
    tail -n 5 "$tmp/log" "$tmp/out" >&2
    exit 110
}

is_ours_first() { case $(printf '%s\n' "$1" | tr -d ' ') in =[Nn]*,[Bb]*) ;; *) return 1 ;; esac; }

# --- what was done to a prefix: a line for each program, or for the prefix ---
#   app<tab>NAME (in small letters)<tab>KEYS (how many keys were made for it)<tab>BEFORE (value, as read_key has it)<tab>FOLDER
#   prefix<tab>-<tab>KEYS<tab>BEFORE<tab>-

# state_lines KIND NAME FOLDER: those that match; an empty NAME or FOLDER matches all
state_lines()
{
    [ -f "$state" ] || return 0
    kind=$1 name=$2 folder=$3 awk -F '\t' '
        function where(line,    i) { for (i = 1; i <= 4; i++) line = substr(line, index(line, "\t") + 1); return line }
        $1 == ENVIRON["kind"] && (ENVIRON["name"] == "" || $2 == ENVIRON["name"]) &&
            (ENVIRON["folder"] == "" || where($0) == ENVIRON["folder"])' "$state"
}

# state_change KIND NAME FOLDER [LINE]: takes the line out, and puts the new one in
state_change()
{
    state_rest=$(state_lines "$1" "$2" "$3")
    {
        [ ! -f "$state" ] || without="$state_rest" awk 'BEGIN { n = split(ENVIRON["without"], line, "\n")
            for (i = 1; i <= n; i++) drop[line[i]] = 1 } !($0 in drop)' "$state"
        [ -z "${4-}" ] || printf '%s\n' "$4"
    } >"$tmp/state" && cp "$tmp/state" "$state.new" || fail 106 "$state: cannot be written"
    if [ -s "$state.new" ]; then mv "$state.new" "$state"; else rm -f "$state.new" "$state"; fi
}

# --- asking a loaded image ---

# probe NAME WIDTH DLL [QUERY...]: runs wsresolve as a program of this name, with a copy of DLL (if any) beside it. Sets
# probe_text: "wsasync 0.1, Wine 8.0"; empty if Wine does not run it, or the DLL cannot be loaded. The rest is in $tmp/out.
probe()
{
    probe_exe=$(own_file "$2" wsresolve.exe) || fail 109 "there is no $2/wsresolve.exe of wsasync: build it (./dev build)"
    rm -rf "$tmp/probe"
    mkdir "$tmp/probe"
    cp "$probe_exe" "$tmp/probe/$1"
    [ -z "$3" ] || cp "$3" "$tmp/probe/ws2_32.dll"
    probe_name=$1
    shift 3
    windows "$tmp/probe/$probe_name" --which "$@"
    probe_status=$?
    probe_text=$(sed -n '/^ws2_32: \(.*\), [A-Za-z\\?][^,]*$/{s//\1/p;q;}' "$tmp/out")
}
