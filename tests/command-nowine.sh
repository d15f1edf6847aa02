# shellcheck shell=bash
# Part of tests/command: what needs no Wine. Words, refusals, interruptions, and run with a Wine that only tells what it was
# given.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2012,SC2015,SC2016,SC2034,SC2059,SC2086,SC2154,SC2317

refuses()       # STATUS TEXT WHAT ARGUMENT...: and changes nothing, whatever it is told to do with that program
{
    local status=$1 text=$2 what=$3
    shift 3
    note_app
    check "$what: status $status, and it says so" gives "$status" "$text" "$@"
    check "$what: nothing was changed" unchanged_all
}

# alone FOLDER [W]: the command with nothing but the DLLs of these widths beside it
alone()
{
    local folder=$1
    mkdir "$folder"
    cp "$here"/../programs/wsasync* "$folder"
    shift
    for only; do
        mkdir "$folder/$only"
        cp "$build/$only/ws2_32.dll" "$folder/$only"
    done
}

poke() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
pe_offset() { od -A n -t u4 -j 60 -N 4 "$1" | tr -d ' '; }

test_words()
{
    check "--help" gives 0 'wsasync install --prefix' --help
    check "--version" gives 0 "wsasync 0." --version
    local only
    for only in x64 x32; do
        [ -e "$build/$only/ws2_32.dll" ] || continue
        alone "$work/only-$only" $only
        check "--version, where only $only is built" env -u WSASYNC_BUILD sh -c \
            '"$1/wsasync" --version >"$2/said" 2>&1 && grep -q "^wsasync 0" "$2/said"' sh "$work/only-$only" "$work"
    done
    check "no command is bad usage" gives 2 'wsasync install' 
    check "an unknown command is bad usage" gives 2 'no command instal' instal x
    check "an unknown option is bad usage" gives 2 'no option --dry' install --dry x
    check "a command without a program is bad usage" gives 2 'install what' install
    check "two programs are bad usage" gives 2 'one at a time' install a b
    check "--prefix of nothing is bad usage" gives 2 'prefix of what' install --prefix ''
    check "run takes no --prefix" gives 2 'does not go with --prefix' run --prefix
}

test_refusals()
{
    local other
    new_app a.exe
    refuses 101 'no such file' "no such program" install "$app/nope.exe"
    local odd='\".exe' lines="$app/two
lines"
    cp "$exe" "$app/$odd"
    refuses 101 'no program of such a name' "a name that Wine cannot say" install "$app/$odd"
    check "a folder with such a name: it is left out" eval 'gives 0 "would put" install --dry-run "$app" && said "such a name, left out"'
    rm "$app/$odd"
    mkdir "$lines"
    cp "$exe" "$lines"
    cd "$lines" || return
    refuses 101 'a line break' "a folder with a line break, that is not named" install "${exe##*/}"
    cd "$work" || return
    rm -r "$lines"
    echo "MZ, but this is a text" >"$app/text.exe"
    refuses 101 'not a Windows program' "no PE file" install "$app/text.exe"
    : >"$app/empty.exe"
    refuses 101 'not a Windows program' "an empty file" run "$app/empty.exe"
    cp "$ours" "$app/lib.exe"
    refuses 101 'a DLL' "a DLL" status "$app/lib.exe"
    rm "$app"/[elt]*.exe
    cp "$exe" "$app/arm.exe"
    poke "$app/arm.exe" $(($(pe_offset "$exe") + 4)) '\144\252'
    refuses 102 'ARM64' "a program for ARM64" install "$app/arm.exe"
    check "a folder with such a program, too: it is left out" eval 'gives 0 "would put" install --dry-run "$app" &&
        said "ARM64" && ! said "for a.exe arm.exe"'
    mkdir "$app/arm"
    cp "$app/arm.exe" "$app/arm"
    refuses 102 'ARM64' "a folder with nothing but a program for ARM64" install "$app/arm"
    rm -r "$app/arm"
    { printf 'MZ'; head -c 58 /dev/zero; printf '\100\0\0\0NE'; head -c 200 /dev/zero; } >"$app/arm.exe"
    refuses 102 '16-bit' "a 16-bit program" doctor "$app/arm.exe"
    mkdir "$app/empty"
    refuses 101 'no Windows program' "a folder without a program" install "$app/empty"
    rm -r "$app/arm.exe" "$app/empty"

    cp "$foreign" "$app/ws2_32.dll"
    refuses 103 'of other origin' "a foreign DLL beside it" install "$app/a.exe"
    refuses 103 'of other origin' "a foreign DLL beside it, for run" run "$app/a.exe"
    mv "$app/ws2_32.dll" "$app/WS2_32.Dll"
    refuses 103 'WS2_32.Dll is of other origin' "a foreign DLL in other letters" install "$app/a.exe"
    rm "$app/WS2_32.Dll"
    ln -s nowhere "$app/ws2_32.dll"
    refuses 103 'of other origin' "a link to nowhere in the DLL's place" install "$app/a.exe"
    rm "$app/ws2_32.dll"
    cp "$system/ws2_32.dll" "$app/ws2_32.dll"
    refuses 103 "is Wine's builtin" "Wine's own DLL beside it" install "$app/a.exe"
    rm "$app/ws2_32.dll"

    WINEPREFIX=$work/nope refuses 104 'not a Wine prefix' "no prefix" install "$app/a.exe"
    WINEPREFIX=$work/nope refuses 104 'not a Wine prefix' "no prefix, for status" status
    refuses 104 "$work/no it's: not" "no prefix, for install --prefix" install --prefix "$work/no it's"
    WINE=$work/nowine refuses 108 'install Wine' "no Wine" install "$app/a.exe"
    alone "$work/alone"
    check "without its DLLs: status 109" env -u WSASYNC_BUILD sh -c '"$1/alone/wsasync" install "$2/a.exe" >"$1/said" 2>&1
        [ $? = 109 ] && grep -q WSASYNC_DLLS "$1/said"' sh "$work" "$app"
    mkdir "$work/alone/$width"
    cp "$ours" "$work/alone/$width"
    check "with its DLLs beside it they are found" env -u WSASYNC_BUILD sh -c \
        '"$1/alone/wsasync" install --dry-run "$2/a.exe" >"$1/said" 2>&1' sh "$work" "$app"

    mount --bind "$app" "$app" && mount -o remount,bind,ro "$app"
    refuses 106 'may not be written' "a folder that may not be written" install "$app/a.exe"
    umount "$app"
    if [ "$(id -u)" = 0 ] && chown 12345 "$WINEPREFIX" 2>/dev/null; then
        refuses 106 'another user' "somebody else's prefix" install "$app/a.exe"
        check "somebody else's prefix, for status" gives 106 'another user' status "$app/a.exe"
        chown 0 "$WINEPREFIX"
    else
        skip "somebody else's prefix"
    fi
    other=$build/x32
    [ "$width" = x32 ] && other=$build/x64
    if [ -e "$other/wsresolve.exe" ]; then
        cp "$other/wsresolve.exe" "$app/b.exe"
        refuses 107 'b.exe is ' "a folder with programs of both widths" install "$app"
        cp "$other/ws2_32.dll" "$app/ws2_32.dll"
        refuses 107 'for another program' "our DLL of the other width in the place" install "$app/a.exe"
        refuses 107 'bit one' "our DLL of the other width in the place, for run" run "$app/a.exe"
    else
        skip "both widths in one folder"
    fi
    if [ "$width" = x64 ]; then
        mkdir -p "$work/p32/drive_c/windows/system32"
        printf 'WINE REGISTRY Version 2\n\n#arch=win32\n' >"$work/p32/system.reg"
        rm -f "$app/ws2_32.dll"
        WINEPREFIX=$work/p32 refuses 107 'a 32-bit prefix' "a 64-bit program in a 32-bit prefix" install "$app/a.exe"
        cp "$windows/syswow64/ws2_32.dll" "$work/p32/drive_c/windows/system32"
        check "a 32-bit prefix, and only a 64-bit DLL: status 109" env -u WSASYNC_BUILD sh -c \
            '"$1/alone/wsasync" install --prefix "$1/p32" >"$1/said" 2>&1; [ $? = 109 ] && grep -q "no x32/ws2_32.dll" "$1/said"' sh "$work"
    fi
}

# Ends the command by SIGKILL at the Nth file that it copies, renames, links or removes; a copy is half done then. What goes
# into its temporary folder, or removes nothing, does not count: there all is as before the next step that does.
interrupted_at()
{
    local tool
    [ -d "$work/bin" ] || for tool in cp mv ln rm mkdir; do
        mkdir -p "$work/bin"
        stub "bin/$tool" <<END
PATH=\${PATH#"$work/bin:"}
there=
for to; do from=\${last-}; last=\$to; [ ! -e "\$to" ] || there=yes; done
[ $tool\$there != rm ] || exec rm "\$@"
case \$to in "$work/tmp/"*) exec $tool "\$@" ;; esac
read -r n <"$work/count"
echo \$((n - 1)) >"$work/count"
[ \$n != 1 ] || {
    [ $tool != cp ] || head -c 1000 "\$from" >"\$to"
    kill -KILL \$PPID; exit 1; }
exec $tool "\$@"
END
    done
    echo $1 >"$work/count"
    shift
    (PATH="$work/bin:$PATH" timeout 100 sh "$here/../programs/wsasync" "$@" >"$work/said" 2>&1 </dev/null; exit $?) 2>/dev/null
    local status=$?
    rm -rf "$work"/tmp/*      # nobody is left to do this
    return $status
}
whole_or_not_there() { [ ! -e "$1" ] || cmp "$1" "$2" >>"$work/said"; }
# in each system folder there is a whole DLL, and Wine's own is somewhere
prefix_works()
{
    local folder
    for folder in system32 syswow64; do
        cmp -s "$windows/$folder/ws2_32.dll" "$work/builtin-$folder" && continue
        { cmp "$windows/$folder/ws2_32.dll" "$build/x64/ws2_32.dll" || cmp "$windows/$folder/ws2_32.dll" "$build/x32/ws2_32.dll"; } \
            >>"$work/said" 2>&1 || return
        cmp "$windows/$folder/wsasync/ws2_32.dll" "$work/builtin-$folder" >>"$work/said" 2>&1 || return
    done
}

test_interruptions()
{
    local n status bad folder
    export WINE=$work/wine
    stub wine <<<'exit 0'
    new_app a.exe
    bad=
    for ((n = 1; n < 40; n++)); do
        interrupted_at $n install "$app/a.exe"
        [ $? = 137 ] || break
        whole_or_not_there "$app/ws2_32.dll" "$ours" || bad="half a DLL at $n"
        wsasync remove "$app/a.exe" && unchanged_all || { bad="not undone at $n"; break; }
    done
    check "install, interrupted at any of $((n - 1)) steps, leaves nothing that remove does not undo" [ "$bad $((n > 3))" = " 1" ]
    [ -z "$bad" ] || echo "#   $bad"

    for folder in system32 syswow64; do cp "$windows/$folder/ws2_32.dll" "$work/builtin-$folder"; done
    bad=
    for ((n = 1; n < 40; n++)); do
        interrupted_at $n install --prefix
        [ $? = 137 ] || break
        prefix_works || bad="broken at $n"
        wsasync remove --prefix && unchanged_all || { bad="not undone at $n"; break; }
    done
    check "install --prefix, interrupted at any of $((n - 1)) steps, leaves what works, and what remove undoes" \
        [ "$bad $((n > 6))" = " 1" ]
    [ -z "$bad" ] || echo "#   $bad"
    bad=
    wsasync install --prefix        # no Wine to verify it: its status says nothing
    cp -al "$WINEPREFIX" "$work/installed"      # links: its files are to be the same ones
    for ((n = 1; n < 40; n++)); do
        cp -alf "$work/installed/." "$WINEPREFIX"
        interrupted_at $n remove --prefix
        status=$?
        prefix_works || bad="broken at $n"
        [ $status = 137 ] || break
        wsasync remove --prefix && unchanged_all || { bad="not finished at $n"; break; }
    done
    check "remove --prefix, interrupted at any of $((n - 1)) steps, leaves what works, and is finished by a repeat" \
        [ "$bad $((n > 2))" = " 1" ]
    [ -z "$bad" ] || echo "#   $bad"

    # Another install comes to its end while this one waits for it.
    wsasync install --prefix
    mkdir "$work/done"
    for folder in system32 syswow64; do
        cp -a "$windows/$folder/wsasync" "$work/done/$folder"
        mv "$windows/$folder/wsasync/ws2_32.dll" "$windows/$folder/ws2_32.dll"
        rmdir "$windows/$folder/wsasync"
    done
    exec 5<"$WINEPREFIX"
    flock 5
    wsasync install --prefix 5<&- &
    sleep 1.5
    for folder in system32 syswow64; do
        [ "$folder" = system32 ] && dll=x64 || dll=x32
        cp -a "$work/done/$folder" "$windows/$folder/wsasync"
        cp "$build/$dll/ws2_32.dll" "$windows/$folder/new"
        mv "$windows/$folder/new" "$windows/$folder/ws2_32.dll"
    done
    exec 5<&-
    wait $!
    check "install --prefix, twice at a time: Wine's own is what is kept" prefix_works
    check "install --prefix, twice at a time: is removed" eval 'wsasync remove --prefix && prefix_works'

    # A temporary folder that is named from where we are.
    new_app a.exe
    TMPDIR=tmp check "install, with a relative TMPDIR" gives 108 'runs no' install "$app/a.exe"

    # What takes the DLL away when run is gone may take a moment.
    stub wine <<<'[ "$1" = reg ] && exit 1; exit 0'
    new_app a.exe
    bad=
    for ((n = 1; n < 40; n++)); do
        interrupted_at $n run "$app/a.exe"
        [ $? = 137 ] || break
        for ((try = 0; try < 50; try++)); do
            [ "$(ls -A "$app")" != a.exe ] || break
            sleep .1
        done
        unchanged_all || { bad="left behind at $n: $(ls -A "$app" | tr '\n' ' ')"; break; }
    done
    check "run, interrupted at any of $((n - 1)) steps, leaves no trace" [ "$bad $((n > 3))" = " 1" ]
    [ -z "$bad" ] || echo "#   $bad"
    unset WINE
}

# --- run, with a Wine that tells what it was given ---

test_run()
{
    new_app "it's ä.exe" -odd.exe
    export WINE=$work/wine
    stub wine <<END
[ "\$1" != reg ] || exit 1
printf '%s\n' "\$@" "overrides \$WINEDLLOVERRIDES" "debug \$WINEDEBUG" >"$work/given"
cmp -s "$ours" "$app/ws2_32.dll" && echo there >>"$work/given"
echo written >"$app/written"
read -r line && echo "read \$line" >>"$work/given"
exit 42
END
    umask 027
    WINEDEBUG=+loaddll wsasync run -- "$app/-odd.exe"
    umask 022
    check "run: what the program writes has the rights that it would have" [ "$(stat -c %a "$app/written")" = 640 ]
    rm -f "$app/written"
    check "run: with a closed standard input" eval \
        '"$here/../programs/wsasync" run -- "$app/-odd.exe" <&- >"$work/said" 2>&1; [ $? = 42 ] && [ -e "$app/written" ]'
    rm -f "$app/written"
    given() { grep -qxF -- "$1" "$work/given" || { cat "$work/given" >>"$work/said"; return 1; }; }
    export WINEDLLOVERRIDES='mshtml,WS2_32.dll=b;*ws2_32=;d3d9=n'
    check "run: the exit status is the program's" gives 42 '' run "$app/it's ä.exe" 'a  b' '' --dry-run "c'"
    check "run: the program, by its name" given "$app/it's ä.exe"
    check "run: its arguments" [ "$(sed -n 2,5p "$work/given" | tr '\n' '|')" = "a  b||--dry-run|c'|" ]
    check "run: the DLL is beside it meanwhile" given there
    check "run: the user's overrides stay, ours is ours" given 'overrides mshtml=b;d3d9=n;ws2_32=n,b'
    check "run: Wine is quiet" given 'debug -all'
    check "run: what the program writes is kept" [ "$(cat "$app/written")" = written ]
    rm -f "$app/written"
    check "run: leaves no trace" unchanged_all
    unset WINEDLLOVERRIDES
    WINEDEBUG=+loaddll wsasync run -- "$app/-odd.exe"
    check "run: the user's WINEDEBUG is kept" given 'debug +loaddll'
    (cd "$app" && echo input | "$here/../programs/wsasync" run -- -odd.exe)
    check "run: standard input is the program's; a relative path with a dash works" given 'read input'
    mkdir "$work/links"
    ln -sf ../app/-odd.exe "$work/links/link.exe"
    wsasync run "$work/links/link.exe"
    check "run: a link is run by its own name, as Wine has it" given "$work/links/link.exe"
    rm -f "$app/written"
    cp "$ours" "$app/WS2_32.DLL"
    wsasync run -- "$app/-odd.exe"
    check "run: one of ours that is there stays" cmp "$ours" "$app/WS2_32.DLL"
    rm -f "$app/WS2_32.DLL" "$app/written"

    # signals: the program tells by a pipe that it runs; who has been told to end is waited for
    local signal status mark="$app/.ws2_32.dll.wsasync-run"
    for signal in TERM INT HUP KILL; do
        rm -f "$work/pipe"
        mkfifo "$work/pipe"
        stub wine <<<"ls $app >$work/pipe; exec sleep 50"
        (trap - INT; exec env sh "$here/../programs/wsasync" run -- "$app/-odd.exe") >"$work/said" 2>&1 &
        read -r -d '' seen <"$work/pipe"
        exec 5<"$mark"
        kill -$signal $!
        wait $! 2>/dev/null
        status=$?
        timeout 30 flock 5      # held until the DLL is taken away
        exec 5<&-
        check "run: SIG$signal while it runs; the status says so" [ $status = $((128 + $(kill -l $signal))) ]
        check "run: SIG$signal; the DLL was there, and no trace is left" eval '[[ $seen = *ws2_32.dll* ]] && unchanged_all'
        rm -rf "$work"/tmp/*
    done
    # the machine went down
    cp "$ours" "$app/ws2_32.dll"
    : >"$mark"
    check "remove takes away what a run has left that could not" eval 'wsasync remove "$app/-odd.exe" && unchanged_all'
    unset WINE
}
