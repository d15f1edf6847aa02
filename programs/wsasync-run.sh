# shellcheck shell=sh
# Part of wsasync: run a program with the DLL this once.
#
# Wine looks for a native DLL beside the program only. An overlay of a folder that can be written is no way to bring it
# there: what the program writes would end elsewhere, or what others write would stay unseen. So the DLL is put there; a
# process of its own takes it away when we are gone, by whatever signal. In a folder that cannot be written nothing can
# be lost: that is overlaid, in a mount namespace of the program's own. Wine's server opens the files, so it must be in
# there too: none may run yet.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2015,SC2154

# The user's overrides but for ws2_32, and ours.
run_overrides()
{
    printf '%s\n' "${WINEDLLOVERRIDES-}" | awk '{
        n = split($0, entry, ";")
        for (i = 1; i <= n; i++) {
            if (!(e = index(entry[i], "="))) continue
            m = split(substr(entry[i], 1, e - 1), dll, ",")
            names = ""
            for (k = 1; k <= m; k++)
                if (tolower(dll[k]) !~ /(^|[\\\/* ])ws2_32(\.dll)? *$/) names = names (names == "" ? "" : ",") dll[k]
            if (names != "") all = all names substr(entry[i], e) ";"
        }
    }
    END { print all "ws2_32=n,b" }'
}

# Runs where nobody is told: a folder of ours, lying over the program's.
# shellcheck disable=SC2016
overlaid='cd "$1" && mount -t overlay wsasync -o lowerdir=dll:program "$2" || exit 126
    : >mounted
    cd "$3"
    shift 3
    exec "$@"'

# Waits for the end of the process that holds the other end of the pipe; then, if no other run needs it, the DLL goes.
# shellcheck disable=SC2016
keeper='trap "" HUP INT TERM
    read -r end <&5
    exec 9<"$2"
    ! command -v flock >/dev/null || flock 9
    [ ! -e "$4" ] || { command -v flock >/dev/null && ! flock -n 8; } || rm -f "$3" "$4" "$5"
    rm -rf "$1"'

# place_dll: beside the program, with a keeper; nothing that is there is ever replaced
place_dll()
{
    run_mark=$dir/$run_name
    (: >>"$run_mark") 2>/dev/null || fail 106 "$dir: may not be written"
    exec 8>>"$run_mark"
    ! command -v flock >/dev/null || flock -s 8
    # Open at both ends before there is a keeper: it would wait for ever if we were killed before.
    mkfifo "$tmp/alive" && exec 7<>"$tmp/alive" || fail 106 "$tmp: no pipe can be made there"
    session=
    ! command -v setsid >/dev/null || session=setsid
    $session sh -c "$keeper" sh "$tmp" "$WINEPREFIX" "$target" "$run_mark" "$dir/$new_name" \
        </dev/null >/dev/null 2>&1 3<&- 5<"$tmp/alive" 7>&- 9<&- &
    keeper_pid=$!
    [ ! -e "$target" ] || return 0
    cp "$dll" "$dir/$new_name" && { ln "$dir/$new_name" "$target" 2>/dev/null ||
        { [ ! -e "$target" ] && mv "$dir/$new_name" "$target"; }; } || fail 106 "$target: could not be put there"
    rm -f "$dir/$new_name"
}

# What a run has left that could not clean up: the machine went down.
left_by_run()
{
    [ -e "$1/$run_name" ] && command -v flock >/dev/null && [ -w "$1" ] && flock -n "$1/$run_name" true || return 0
    find_beside "$1"
    [ "$file_kind:$beside_count" != ours:1 ] || step "take away $beside, which a run has left" rm -f "$beside"
    step "take away $1/$run_name" rm -f "$1/$run_name" "$1/$new_name"
}

end_child()
{
    run_status=$1
    kill -TERM "$child" 2>/dev/null
    # One that does not listen is ended all the same.
    [ -n "$killer" ] || { (trap - EXIT; sleep 5; kill -KILL "$child" 2>/dev/null) >/dev/null 2>&1 7>&- 8>&- & killer=$!; }
}

run_program()
{
    need_program "$1"
    shift
    width=$pe_width
    find_own_dll "$width"
    choose_prefix "$dir"
    need_width "$width"
    find_wine
    need_prefix_rights
    lock_prefix
    find_beside "$dir"
    target=$dir/ws2_32.dll
    how=place
    case $file_kind in
        none) [ -w "$dir" ] || how=overlay ;;
        ours)
            [ "$file_width" = "$width" ] || fail 107 "$beside is the $(width_name "$file_width") one; this program is" \
                "$(width_name "$width")"
            [ -e "$dir/$run_name" ] || how=there ;;
        *) fail 103 "$beside is $file_text, and stays; with it there, the program cannot have wsasync's" ;;
    esac
    WINEDLLOVERRIDES=$(run_overrides)
    WINEDEBUG=${WINEDEBUG--all}
    case $dir/$name in *[!\ -~]*) need_utf8 ;; esac
    if [ "$dry" = yes ]; then
        case $how in
            place) say "would put wsasync's DLL at $target, and take it away afterwards" ;;
            overlay) say "would lay wsasync's DLL over $dir, for this program alone" ;;
            there) say "$beside is there already" ;;
        esac
        say "would run $dir/$name with WINEDLLOVERRIDES=$WINEDLLOVERRIDES in $WINEPREFIX"
        return 0
    fi
    export WINEDLLOVERRIDES WINEDEBUG
    keeper_pid='' killer=''
    # What is started with & has no standard input else. Ours may be closed.
    { command exec 3<&0; } 2>/dev/null || exec 3</dev/null
    set -- "$wine" "$dir/$name" "$@"
    if [ $how = overlay ]; then
        need_no_wineserver
        mkdir "$tmp/dll" && cp "$dll" "$tmp/dll/ws2_32.dll" && ln -s "$dir" "$tmp/program" || fail 106 "$tmp: cannot be written"
        user='--user --map-root-user'
        [ "$(id -u)" != 0 ] || user=
        # shellcheck disable=SC2086
        set -- unshare $user --mount sh -c "$overlaid" sh "$tmp" "$dir" "$PWD" "$@"
    elif [ $how = place ]; then
        place_dll
    fi
    exec 9<&-
    umask "$user_umask"
    "$@" <&3 3<&- 7>&- 8>&- &
    child=$! run_status=
    trap 'end_child 129' HUP
    trap 'end_child 130' INT
    trap 'end_child 143' TERM
    while :; do
        wait $child
        status=$?
        kill -0 $child 2>/dev/null || break     # it was not the program's end, but a signal
    done
    trap '' HUP INT TERM
    [ -z "$killer" ] || kill "$killer" 2>/dev/null
    [ -z "$keeper_pid" ] || { exec 7>&- 8>&-; wait "$keeper_pid"; }
    [ $how != overlay ] || [ -e "$tmp/mounted" ] || fail 106 "$dir may not be written, and nothing can be laid over it here" \
        "(no user namespaces, or no overlays in them); 'wsasync install --prefix' does without"
    exit "${run_status:-$status}"
}
