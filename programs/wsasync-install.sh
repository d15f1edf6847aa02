# shellcheck shell=sh
# Part of wsasync: the DLL beside a program, and the override for the program's name: install, remove.
#
# The order of steps lets it stop anywhere: what is to be undone is noted first; a file comes by another name and is renamed;
# the override, which names the builtin too, does no harm without the DLL. A repeat finishes, remove undoes.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2015,SC2154

new_name=.ws2_32.dll.wsasync-new            # beside a DLL until it is whole
run_name=.ws2_32.dll.wsasync-run            # beside one that wsasync run has put there

# put_file FROM TO: never into TO, which may be a hard link to somebody else's, and never half of it
put_file() { cp "$1" "${2%/*}/$new_name" && mv -f "${2%/*}/$new_name" "$2"; }

# Writes the programs of $dir to $tmp/names, and sets $width, which must be the same for all.
find_programs()
{
    : >"$tmp/names"
    width='' other=''
    for file in "$dir"/*.[Ee][Xx][Ee]; do
        [ -f "$file" ] && [ -r "$file" ] || continue
        read_pe "$file"
        case $pe_kind:$pe_dll in
            pe:0) ;;
            *) note "${file##*/}: not a program for 32- or 64-bit Windows, left out"; continue ;;
        esac
        allowed_name "${file##*/}" || { note "${file##*/}: Wine starts no program of such a name, left out"; continue; }
        if [ -z "$pe_width" ]; then
            other="${file##*/}: a program for $(machine_name "$pe_machine"); wsasync is for x86 and x86-64"
            note "$other; left out"
            continue
        fi
        [ "${width:=$pe_width}" = "$pe_width" ] || fail 107 "$dir: ${file##*/} is $(width_name "$pe_width"), but" \
            "$(head -n 1 "$tmp/names") is $(width_name "$width"); a folder can have only one ws2_32.dll"
        printf '%s\n' "${file##*/}" >>"$tmp/names"
    done
    [ -n "$width$other" ] || fail 101 "$dir: no Windows program (.exe) in it"
    [ -n "$width" ] || fail 102 "$dir/$other"
}

need_width()
{
    [ "$1" != x64 ] || [ "$arch" != win32 ] || fail 107 "a 64-bit program, but $WINEPREFIX is a 32-bit prefix"
}

# Sets made and before from a line of the notes, the first if there are more.
noted()
{
    IFS=$tab read -r _ _ made before _ <<END
$1
END
}

# note_override NAME FOLDER: what the registry has for the program goes into the notes, unless they know it already; else
# what is put back would be our own. What must be changed goes to $tmp/change.
note_override()
{
    small=$(lower "$1")
    read_key "$(app_key "$1" '\DllOverrides')"
    made=0 before=${value:--}
    if [ "$key_there" = no ]; then
        made=1
        read_key "$(app_key "$1")"
        [ "$key_there" = yes ] || made=2
        value=''
    fi
    is_ours_first "$value" || registry_set "$(app_key "$1" '\DllOverrides')" native,builtin >>"$tmp/change"
    known=$(state_lines app "$small" '')
    [ -z "$known" ] || noted "$known"
    [ -z "$(state_lines app "$small" "$2")" ] || return 0
    if [ "$dry" = yes ]; then return 0; fi
    state_change app "$small" "$2" "app$tab$small$tab$made$tab$before$tab$2"
    printf '%s\n' "$1" >>"$tmp/fresh"
}

install_program()
{
    split_path "$1"
    if [ -n "$name" ]; then
        need_program "$1"
        width=$pe_width
        printf '%s\n' "$name" >"$tmp/names"
    else
        find_programs
    fi
    find_own_dll "$width"
    choose_prefix "$dir"
    need_width "$width"
    find_wine
    find_beside "$dir"
    case $file_kind in
        none) file_width=$width target=$dir/ws2_32.dll ;;
        ours) target=$beside ;;
        *) fail 103 "$beside is $file_text, and stays. Is it meant to be there? Take it away first, or use install --prefix" ;;
    esac
    [ "$file_width" = "$width" ] || fail 107 "$beside is the $(width_name "$file_width") one, for another program in" \
        "this folder; this one is $(width_name "$width"). Put one of them into a folder of its own, or use install --prefix"
    [ -w "$dir" ] || fail 106 "$dir: may not be written. 'wsasync run' and 'wsasync install --prefix' do without"
    need_prefix_rights
    lock_prefix

    : >"$tmp/change"
    : >"$tmp/fresh"
    while IFS= read -r name; do note_override "$name" "$dir"; done <"$tmp/names"
    if cmp -s "$dll" "$target"; then
        say "$target is there already"
    else
        step "put wsasync's $(width_name "$width") DLL at $target" put_file "$dll" "$target"
    fi
    if [ "$dry" = no ]; then rm -f "$dir/$run_name"; fi       # what a run has left is now here to stay
    if [ -s "$tmp/change" ]; then
        step "set the override ws2_32=native,builtin in $WINEPREFIX for $(tr '\n' ' ' <"$tmp/names")" registry_apply
    else
        say "the override is set already"
    fi
    [ "$dry" = no ] || return 0

    name=$(head -n 1 "$tmp/names")
    probe "$name" "$width" "$target"
    case $probe_text in
        wsasync*) say "$name gets $probe_text, in the prefix $WINEPREFIX"; return 0 ;;
        '') ;;
        *) note "$name gets $probe_text all the same; 'wsasync status' says why"; exit 1 ;;
    esac
    while IFS= read -r name; do forget "$(lower "$name")" "$dir" "$name"; done <"$tmp/fresh" >/dev/null
    note "Wine runs no $(width_name "$width") program in $WINEPREFIX; nothing was installed. It says:"
    tail -n 3 "$tmp/log" >&2
    [ "$width" = x64 ] || note "32-bit programs need a Wine of that width (Debian: dpkg --add-architecture i386 && apt-get update &&" \
        "apt-get install wine32:i386)"
    exit 108
}

# forget NAME-IN-SMALL-LETTERS FOLDER [NAME]: undoes one line of the notes
forget()
{
    line=$(state_lines app "$1" "$2")
    name=${3:-$1}
    if [ "$(state_lines app "$1" '' | wc -l)" -gt 1 ]; then
        say "the override for $name stays, for the program of that name in another folder"
    else
        noted "$line"
        restore_override "$(app_key "$name" '\DllOverrides')" "$made" "$before" "for $name"
    fi
    # The DLL goes before the note, with the last program of the folder.
    if [ "$(state_lines app '' "$2" | wc -l)" -le 1 ]; then
        find_beside "$2"
        case $file_kind in
            none) ;;
            ours) step "take away $beside" rm -f "$beside" "$2/$run_name" ;;
            *) note "$beside is $file_text; it stays" ;;
        esac
        [ ! -e "$2/$new_name" ] || step "take away $2/$new_name" rm -f "$2/$new_name"
    fi
    [ "$dry" = yes ] || state_change app "$1" "$2"
}

# restore_override KEY MADE BEFORE FOR-WHOM: puts back what was there, and takes away keys that were made and are empty again
restore_override()
{
    read_key "$1"
    [ "$3" = - ] && before='' || before=$3
    if [ "$value" = "$before" ]; then return 0; fi
    if ! is_ours_first "$value"; then
        note "the override ws2_32${value:-, which is gone,} $4 is not ours any more; it stays"
        return 0
    fi
    : >"$tmp/change"
    if [ -n "$before" ]; then
        registry_set "$1" "${before#=}" >>"$tmp/change"
        step "put back the override ws2_32$before $4" registry_apply
        return 0
    fi
    key=$1
    if [ "$2" -gt 0 ] && [ "$key_alone" = yes ]; then
        if [ "$2" -gt 1 ]; then
            read_key "${key%\\*}"
            # Only if the key above holds nothing but the one that goes.
            ! awk 'tolower($0) ~ /^k(\\dlloverrides(\t.*)?)?$/ || ($0 == "K\\below" && !seen++) { next } { other = 1 }
                END { exit other }' "$tmp/key" || key=${key%\\*}
        fi
        registry_drop "$key" >>"$tmp/change"
    else
        registry_unset "$key" >>"$tmp/change"
    fi
    step "take away the override $4" registry_apply
}

remove_program()
{
    split_path "$1"
    choose_prefix "$dir"
    find_wine
    if [ -n "$name" ]; then small=$(lower "$name"); else small=''; fi
    wanted=$name
    lock_prefix
    state_lines app "$small" "$dir" >"$tmp/lines"
    if [ ! -s "$tmp/lines" ]; then
        [ -d "$dir" ] || fail 101 "$1: no such file"
        [ -z "$name" ] || [ -e "$dir/$name" ] || fail 101 "$1: no such file, and nothing was installed for it in $WINEPREFIX"
        left_by_run "$dir"
        say "nothing is installed for $dir${name:+/$name} in the prefix $WINEPREFIX"
        find_beside "$dir"
        [ -z "$beside" ] || say "$beside ($file_text) was not put there by install in this prefix; it stays"
        return 0
    fi
    need_prefix_rights
    [ ! -d "$dir" ] || [ -w "$dir" ] || fail 106 "$dir: may not be written"
    cut -f 2 "$tmp/lines" >"$tmp/names"
    while IFS= read -r small; do
        # The registry's own spelling is the file's.
        [ "$(lower "$wanted")" = "$small" ] && spelt=$wanted || spelt=$small
        forget "$small" "$dir" "$spelt"
    done <"$tmp/names"
}
