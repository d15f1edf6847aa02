# shellcheck shell=sh
# Part of wsasync: the DLL in the system folders of a prefix, for all its programs: install --prefix, remove --prefix.
#
# Our DLL finds Wine's in the folder wsasync beside it. So that is kept there before ours comes, and goes back by a rename
# that takes ours away: at every moment there is one that works.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2015,SC2154

kept_of() { printf '%s\n' "${1%/*}/wsasync/${1##*/}"; }

# Writes the system's ws2_32.dll files to $tmp/files, one a line: WIDTH KIND PATH.
find_system_files()
{
    : >"$tmp/files"
    for system in system32 syswow64; do
        [ -d "$windows_dir/$system" ] || continue
        find_beside "$windows_dir/$system"
        file=${beside:-$windows_dir/$system/ws2_32.dll}
        case $arch:$system in win64:system32) width=x64 ;; *) width=x32 ;; esac
        width=${file_width:-$width}
        printf '%s %s %s\n' "$width" "$file_kind" "$file" >>"$tmp/files"
    done
}

keep_builtin()
{
    mkdir -p "${2%/*}" || return
    if [ -L "$1" ]; then
        # A link into Wine's own folder is kept as a link, where it still leads there from one folder further down.
        case $(readlink "$1") in /*) cp -P "$1" "$2.new" ;; *) cp -p "$1" "$2.new" ;; esac
    else
        # The file itself, not a copy, where the file system has links.
        rm -f "$2.new" && { ln "$1" "$2.new" 2>/dev/null || cp -p "$1" "$2.new"; }
    fi && mv -f "$2.new" "$2"
}

install_prefix()
{
    choose_prefix
    find_wine
    lock_prefix         # before looking: what another one puts there meanwhile is not to be kept as Wine's
    find_system_files
    some=no
    while read -r width kind file; do
        case $kind in
            none) fail 104 "$file is missing; Wine puts it back: WINEPREFIX=$(quoted "$WINEPREFIX") wineboot -u" ;;
            foreign) fail 103 "$file is of other origin, and stays" ;;
            ours) [ -e "$(kept_of "$file")" ] || fail 104 "$file is wsasync's, but Wine's own is not kept beside it, in" \
                "${file%/*}/wsasync. Take the file away, then:" \
                "WINEPREFIX=$(quoted "$WINEPREFIX") wineboot -u, and install again" ;;
        esac
        [ -w "${file%/*}" ] || fail 106 "${file%/*}: may not be written"
        if dll=$(own_file "$width" ws2_32.dll); then some=yes; else width_there=$width; fi
    done <"$tmp/files"
    [ $some = yes ] || find_own_dll "$width_there"
    need_prefix_rights
    need_no_wineserver

    : >"$tmp/change"
    read_key "$prefix_key"
    made=0 before=${value:--}
    [ "$key_there" = yes ] || made=1
    is_ours_first "$value" || registry_set "$prefix_key" native,builtin >>"$tmp/change"
    if [ "$dry" = no ] && [ -z "$(state_lines prefix - '')" ]; then
        state_change prefix - '' "prefix$tab-$tab$made$tab$before$tab-"
    fi
    while read -r width kind file; do
        if ! own_file "$width" ws2_32.dll >/dev/null; then
            note "no $width/ws2_32.dll of wsasync here: $(width_name "$width") programs keep Wine's"
            continue
        fi
        find_own_dll "$width"
        kept=$(kept_of "$file")
        [ "$kind" = ours ] || step "keep Wine's own as $kept" keep_builtin "$file" "$kept"
        if cmp -s "$dll" "$file"; then
            say "$file is there already"
        else
            step "put wsasync's $(width_name "$width") DLL at $file" put_file "$dll" "$file"
        fi
    done <"$tmp/files"
    if [ -s "$tmp/change" ]; then
        step "set the override ws2_32=native,builtin in $WINEPREFIX for all programs" registry_apply
    else
        say "the override is set already"
    fi
    [ "$dry" = no ] || return 0
    status_of_widths
}

remove_prefix()
{
    choose_prefix
    find_wine
    lock_prefix
    find_system_files
    line=$(state_lines prefix - '')
    if [ -z "$line" ] && ! grep -q ' ours ' "$tmp/files"; then
        say "nothing is installed for all programs of $WINEPREFIX"
        return 0
    fi
    while read -r width kind file; do
        [ "$kind" != ours ] || [ -e "$(kept_of "$file")" ] || fail 104 "$file is wsasync's, but Wine's own is not kept beside it;" \
            "take the file away, then: WINEPREFIX=$(quoted "$WINEPREFIX") wineboot -u"
        [ -w "${file%/*}" ] || fail 106 "${file%/*}: may not be written"
    done <"$tmp/files"
    need_prefix_rights
    need_no_wineserver
    [ -z "$line" ] || { noted "$line"; restore_override "$prefix_key" "$made" "$before" "for all programs"; }
    while read -r width kind file; do
        kept=$(kept_of "$file")
        case $kind in
            ours) step "put Wine's own back at $file" mv -f "$kept" "$file" ;;
            # Wine has put back its own, perhaps a newer one.
            *) [ ! -e "$kept" ] || step "take away $kept" rm -f "$kept" ;;
        esac
        [ "$dry" = yes ] || { rm -f "$kept.new" "${file%/*}/$new_name"; rmdir "${kept%/*}" 2>/dev/null || :; }
    done <"$tmp/files"
    [ "$dry" = yes ] || [ -z "$line" ] || state_change prefix - ''
    [ -n "$line" ] || note "there is no note of an override for all programs in $state; that is as it was"
}
