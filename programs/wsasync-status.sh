# shellcheck shell=sh
# Part of wsasync: which ws2_32 a program gets, and why: status; what is wrong: doctor. What is in force is asked of the
# loaded image, by wsresolve under the program's name; files and overrides only explain it.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2015,SC2030,SC2031,SC2154

# The override that WINEDLLOVERRIDES has for a module, as "=n,b"; nothing if it has none
env_override()
{
    [ -n "${WINEDLLOVERRIDES-}" ] || return 0
    printf '%s\n' "$WINEDLLOVERRIDES" | want=$1 awk '{
        n = split($0, entry, ";")
        for (i = 1; i <= n; i++) {
            e = index(entry[i], "=")
            m = split(e ? substr(entry[i], 1, e - 1) : "", dll, ",")
            for (k = 1; k <= m; k++) {
                gsub(/^ +| +$|\.[dD][lL][lL] *$/, "", dll[k])
                if (tolower(dll[k]) == ENVIRON["want"]) { print substr(entry[i], e); exit }
            }
        }
    }'
}

# find_override NAME: sets order ("=native,builtin", or nothing) and order_from, the one that Wine heeds: *ws2_32 goes before
# ws2_32 for a DLL beside a program, then the environment before the program's key before the prefix's.
find_override()
{
    order='' order_from=''
    app_value='' app_star=''
    if [ -n "$1" ]; then
        read_key "$(app_key "$1" '\DllOverrides')"
        app_value=$value app_star=$star
    fi
    read_key "$prefix_key"
    offer "$(env_override '*ws2_32')" '*ws2_32 in WINEDLLOVERRIDES'
    offer "$app_star" '*ws2_32, for this program'
    offer "$star" '*ws2_32, for the prefix'
    offer "$(env_override ws2_32)" 'ws2_32 in WINEDLLOVERRIDES'
    offer "$app_value" 'ws2_32, for this program'
    offer "$value" 'ws2_32, for the prefix'
}
offer() { [ -n "$order" ] || [ -z "$1" ] || { order=$1 order_from=$2; }; }

line() { printf '%-10s %s\n' "$1:" "$2"; }

# why FILE KIND FILE-IN-THE-SYSTEM KIND WIDTH: says why a program with these DLLs gets what it gets
why()
{
    if [ "$2" = ours ]; then have=$1
    elif [ "$4" = ours ]; then have=$3
    else have=''
    fi
    lacking="no DLL of wsasync beside it or in $(system_folder "$5")"
    case $probe_text:$order:$have in
        wsasync*) line because "the override $order_from, is '${order#=}', and the DLL is $have" ;;
        *::) line because "nothing is installed: no override, and $lacking" ;;
        *::*) line because "there is no override, so Wine takes its own; the DLL is $have" ;;
        *:) line because "there is $lacking; the override $order_from, is '${order#=}'" ;;
        *) line because "the override $order_from, is '${order#=}'; it must be 'native,builtin'" ;;
    esac
}

system_folder() { if [ "$arch:$1" = win64:x32 ]; then echo syswow64; else echo system32; fi; }

look_at_program()
{
    need_program "$1"
    width=$pe_width
    find_wine
    choose_prefix "$dir"
    need_own_prefix
    need_width "$width"
    find_beside "$dir"
    there=$beside there_kind=$file_kind there_text=$file_text there_width=$file_width
    find_override "$name"
}

status_program()
{
    look_at_program "$1"
    if [ "$there_kind" = foreign ]; then
        line "in force" "not known: what is beside the program is of other origin"
        probe_text=unknown
    else
        probe "$name" "$width" "$there"
        line "in force" "${probe_text:-nothing: Wine does not run it}"
        find_beside "$windows_dir/$(system_folder "$width")"
        why "$there" "$there_kind" "$beside" "$file_kind" "$width"
    fi
    line program "$dir/$name ($(width_name "$width"))"
    line prefix "$WINEPREFIX"
    line "beside it" "${there:+$there: $(width_name "$there_width") }$there_text"
    case $probe_text in
        wsasync*) return 0 ;;
        '') note "Wine does not run $(width_name "$width") programs in $WINEPREFIX, or not with that DLL"; exit 108 ;;
    esac
    exit 1
}

# What programs of each width of the prefix get that have nothing of their own. Status 1 if one does not get ours.
status_of_widths()
{
    find_system_files
    find_override ''
    all_ours=yes answers=no
    while read -r width kind file; do
        if ! own_file "$width" wsresolve.exe >/dev/null; then continue; fi
        probe wsresolve.exe "$width" ''
        [ -z "$probe_text" ] || answers=yes
        line "$(width_name "$width")" "${probe_text:-not known: Wine does not run such programs}"
        why '' none "$file" "$kind" "$width"
        case $probe_text in wsasync* | '') ;; *) all_ours=no ;; esac
        if [ "$kind" = builtin ] && [ -e "$(kept_of "$file")" ]; then
            note "Wine has put its own back at $file; 'wsasync install --prefix' mends that"
        elif [ "$kind" = foreign ]; then
            note "$file is of other origin"
        fi
    done <"$tmp/files"
    [ $answers = yes ] || fail 108 "Wine runs no program of wsasync's in $WINEPREFIX"
    [ $all_ours = yes ] || exit 1
}

status_prefix()
{
    choose_prefix
    need_own_prefix
    find_wine
    line prefix "$WINEPREFIX ($([ "$arch" = win32 ] && echo 32-bit || echo 64-bit))"
    state_lines app '' '' | while IFS=$tab read -r _ app_name _ _ app_dir; do
        find_beside "$app_dir"
        [ "$beside_count" != 0 ] || file_text='but the DLL is gone'
        line program "$app_dir/$app_name: $file_text"
    done
    status_of_widths
}

# --- doctor ---

good() { say "ok $*"; }
bad() { say "!! $*"; ill=1; }

doctor_program()
{
    ill=0
    look_at_program "$1"
    good "program: $(width_name "$width"), $dir/$name"
    wine_version=$("$wine" --version 2>/dev/null | sed -n 's/^wine-\([0-9][0-9.]*\).*/\1/p')
    if [ -z "$wine_version" ]; then bad "Wine: '$wine --version' tells no version; install Wine, 5.0 or later"
    elif [ "${wine_version%%.*}" -lt 5 ]; then bad "Wine: $wine_version is too old; install 5.0 or later"
    else good "Wine: $wine_version"
    fi
    good "prefix: $WINEPREFIX ($arch)"

    find_beside "$windows_dir/$(system_folder "$width")"
    if [ "$there_kind" = foreign ]; then bad "DLL: $there is of other origin; take it away"
    elif [ "$there_kind" = ours ] && [ "$there_width" != "$width" ]; then
        bad "DLL: $there is $(width_name "$there_width"), the program is $(width_name "$width"); put it into a folder of its own"
    elif [ "$there_kind" = ours ]; then good "DLL: $there_text, $there"
    elif [ "$beside_count:$file_kind" = 1:ours ] && [ ! -e "$(kept_of "$beside")" ]; then
        bad "DLL: $beside is wsasync's, but Wine's own is not kept beside it; take it away, then: wineboot -u"
    elif [ "$beside_count:$file_kind" = 1:ours ]; then good "DLL: $file_text, $beside"
    else bad "DLL: none of wsasync; do: wsasync install $(quoted "$dir/$name")"
    fi
    if [ -z "$order" ]; then bad "override: none; do: wsasync install $(quoted "$dir/$name")"
    elif is_ours_first "$order"; then good "override: '${order#=}', $order_from"
    else bad "override: '${order#=}', $order_from; it must be native,builtin, both and in this order"
    fi

    if [ "$there_kind" = foreign ]; then probe_text='not asked'
    else probe "$name" "$width" "$there"
    fi
    case $probe_text in
        wsasync*) good "in force: $probe_text" ;;
        '') bad "in force: nothing; Wine does not run $(width_name "$width") programs in this prefix (Debian, 32-bit: the" \
            "package wine32:i386)" ;;
        *) bad "in force: $probe_text; the lines above say what to do" ;;
    esac

    if grep -q '^[[:space:]]*nameserver[[:space:]]' /etc/resolv.conf 2>/dev/null; then
        good "resolver: /etc/resolv.conf has a server"
    else
        bad "resolver: /etc/resolv.conf names no server; only names in /etc/hosts will be found"
    fi

    # The DLL itself, whatever the program gets at present.
    if ! dll=$(own_file "$width" ws2_32.dll); then
        bad "self-test: not made, there is no $width/ws2_32.dll of wsasync; set WSASYNC_DLLS"
        exit 1
    fi
    WINEDLLOVERRIDES=$(run_overrides)
    export WINEDLLOVERRIDES
    probe "$name" "$width" "$dll" localhost ftp/tcp
    case $probe_text in
        wsasync*) good "self-test: $probe_text starts in this prefix" ;;
        *) bad "self-test: the DLL does not start in this prefix; what gets loaded: ${probe_text:-nothing}" ;;
    esac
    if grep -q ' localhost -> ' "$tmp/out"; then good "self-test: localhost is found"
    else bad "self-test: localhost is not found; /etc/hosts must name it"
    fi
    if grep -q ' ftp/tcp -> ' "$tmp/out"; then good "self-test: service ftp/tcp is found"
    else bad "self-test: service ftp/tcp is not found; /etc/services must name it (Debian: the package netbase)"
    fi
    probe "$name" "$width" "$dll" --cancel-after 0 localhost
    if grep -q 'cancelled .*cancel said 0' "$tmp/out"; then good "self-test: a request is cancelled"
    else bad "self-test: a request could not be cancelled; please report this"
    fi
    exit "$ill"
}
