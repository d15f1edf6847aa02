# shellcheck shell=sh
# Part of wsasync: Windows' executable files, read by their bytes. Whether one is a program, for which machine, and whether
# a ws2_32.dll is ours, Wine's, or of other origin. Names prove nothing.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2016,SC2034

# For awk: b[] is filled with the bytes of standard input.
awk_bytes='{ for (i = 1; i <= NF; i++) b[n++] = $i }
    function u16(o) { return b[o] + 256 * b[o + 1] }
    function u32(o) { return u16(o) + 65536 * u16(o + 2) }'

# bytes FILE OFFSET COUNT AWK-PROGRAM
bytes() { od -A n -v -t u1 -j "$2" -N "$3" <"$1" 2>/dev/null | awk "$awk_bytes $4"; }

# Sets pe_kind: pe; ne, dos (older programs); none. For pe also pe_width (x64, x32, or nothing), pe_machine, pe_dll (0 or 1),
# pe_builtin (1: has Wine's mark), and where the resources are: pe_offset, pe_address, pe_size.
read_pe()
{
    pe_kind=none pe_width='' pe_machine=0 pe_dll=0 pe_builtin=0 pe_offset=0 pe_address=0 pe_size=0
    [ -f "$1" ] || return 0
    pe_file=$1
    # shellcheck disable=SC2046
    set -- $(od -A n -v -t u1 -N 84 <"$1" 2>/dev/null)
    [ $# -ge 64 ] && [ "$1 $2" = '77 90' ] || return 0
    pe_kind=dos
    pe_header=$((${61} + 256 * (${62} + 256 * (${63} + 256 * ${64}))))
    shift 64
    # Right behind the DOS header: "Wine builtin DLL", or "Wine placeholder DLL" where the real one is no PE.
    case $* in
        '87 105 110 101 32 98 117 105 108 116 105 110 32 68 76 76 '* | \
        '87 105 110 101 32 112 108 97 99 101 104 111 108 100 101 114 32 68 76 76') pe_builtin=1 ;;
    esac
    # shellcheck disable=SC2046
    set -- $(bytes "$pe_file" "$pe_header" 4608 'END {
        if (n >= 2 && b[0] == 78 && b[1] == 69) print "ne"
        if (n < 120 || u32(0) != 17744) exit
        magic = u16(24)
        rva = u32(24 + (magic == 523 ? 112 : 96) + 16)
        for (o = 24 + u16(20); sections++ < u16(6) && o + 40 <= n; o += 40) {
            into = rva - u32(o + 12)
            if (into < 0 || into >= u32(o + 16)) continue
            offset = u32(o + 20) + into
            size = u32(o + 16) - into
        }
        width = u16(4) == 332 && magic == 267 ? "x32" : u16(4) == 34404 && magic == 523 ? "x64" : "other"
        print "pe", width, u16(4), int(u16(22) / 8192) % 2, offset + 0, rva, size + 0 }')
    [ $# = 0 ] || pe_kind=$1
    [ $# = 7 ] || return 0
    pe_width=${2#other} pe_machine=$3 pe_dll=$4 pe_offset=$5 pe_address=$6 pe_size=$7
}

machine_name()
{
    case $1 in
        43620) echo ARM64 ;;
        42561) echo ARM64EC ;;
        448 | 450 | 452) echo ARM ;;
        512) echo Itanium ;;
        *) printf 'machine 0x%04x\n' "$1" ;;
    esac
}

width_name() { case $1 in x64) echo 64-bit ;; x32) echo 32-bit ;; *) echo "$1" ;; esac; }

# Of the file that read_pe has read: the text of the resource WSASYNC 1, nothing if it has none.
own_mark()
{
    [ "$pe_size" -gt 0 ] || return 0
    [ "$pe_size" -le 65536 ] || pe_size=65536
    bytes "$1" "$pe_offset" "$pe_size" '
        # the entry of a directory that has this number, or this name; where it leads to
        function find(dir, id, name,    i, e, s, k, text) {
            for (i = 0; i < u16(dir + 12) + u16(dir + 14) && dir + 24 + 8 * i <= n; i++) {
                e = dir + 16 + 8 * i
                if (id == "any") return u32(e + 4)
                if (u32(e) < 2147483648) { if (name == "" && u32(e) == id) return u32(e + 4); continue }
                s = u32(e) - 2147483648
                text = ""
                for (k = 0; k < u16(s) && k < 16; k++) text = text sprintf("%c", u16(s + 2 + 2 * k) % 128)
                if (name != "" && text == name && u16(s) == length(name)) return u32(e + 4)
            }
            return -1
        }
        END {
            if ((o = find(0, 0, "WSASYNC")) < 2147483648) exit
            if ((o = find(o - 2147483648, 1, "")) < 2147483648) exit
            if ((o = find(o - 2147483648, "any", "")) < 0 || o + 8 > n) exit
            size = u32(o + 4)
            o = u32(o) - '"$pe_address"'
            for (i = 0; i < size && i < 80 && b[o + i] >= 32 && b[o + i] < 127; i++) text = text sprintf("%c", b[o + i])
            if (text ~ /^wsasync [0-9]/) print text
        }'
}

# Sets file_kind: none (there is no such file), ours, builtin (Wine's), foreign; file_text, to be read by people; file_width.
classify()
{
    file_kind=none file_text='none' file_width=''
    [ -e "$1" ] || [ -L "$1" ] || return 0
    read_pe "$1"
    file_kind=foreign file_text='of other origin' file_width=$pe_width
    if [ "$pe_kind" != pe ]; then return 0; fi
    file_mark=$(own_mark "$1")
    if [ -n "$file_mark" ]; then file_kind=ours file_text=$file_mark
    elif [ "$pe_builtin" = 1 ]; then file_kind=builtin file_text="Wine's builtin"
    fi
}

# Sets beside to the ws2_32.dll of a folder, in whatever letter case; beside_count; and what classify sets.
find_beside()
{
    beside='' beside_count=0 file_kind=none file_text=none file_width=''
    for beside_file in "$1"/[Ww][Ss]2_32.[Dd][Ll][Ll]; do
        [ -e "$beside_file" ] || [ -L "$beside_file" ] || continue
        beside=$beside_file
        beside_count=$((beside_count + 1))
        classify "$beside_file"
        [ "$file_kind" = ours ] || return 0     # one that is not decides
    done
}
